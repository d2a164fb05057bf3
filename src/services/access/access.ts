import { type Access, accessHas, type Entity, type EntityRight, weakerAccess } from '../../domain/callers/access.ts'
import { scopesOf } from '../../domain/callers/api-key.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { scopesLacking } from '../../domain/callers/scope.ts'
import { Fault } from '../../domain/fault.ts'
import type { Operation } from '../../domain/operations/operation.ts'
import type { Connection } from '../../domain/servers/connection.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import { type Right, roleHas, weakestRoleWith } from '../../domain/users/role.ts'
import type { Tables } from '../../store/store.ts'
import { noteNeed } from './needs.ts'

/** Throws unless the caller has the right in the project. A project it has no role in looks like one that does not exist. */
export function checkRight(caller: Caller, projectId: string, right: Right): void {
  const role = caller.roles.get(projectId)
  if (!role) throw new Fault('not_found', 'project', `No project ${projectId}`)
  if (!roleHas(role, right))
    throw new Fault(
      'forbidden',
      'project',
      `This needs the role ${weakestRoleWith(right)}; yours in this project is ${role}`,
    )
  checkScopes(caller, projectId, right)
  noteNeed({ kind: 'right', projectId, right })
}

function checkScopes({ key }: Caller, projectId: string, right: Right): void {
  const lacking = scopesLacking(scopesOf(key, projectId), right)
  if (!lacking) throw new Fault('forbidden', 'key', 'This key has scopes, and none is good for this')
  if (lacking.length > 0) throw new Fault('forbidden', 'key', `This key lacks the scope ${lacking.join(' and ')}`)
}

/** As its role says, and, where its key has scopes, as they say. */
export function hasRight(caller: Caller, projectId: string, right: Right): boolean {
  return isAs(caller, projectId, right) && scopesLacking(scopesOf(caller.key, projectId), right)?.length === 0
}

/** As its role says: what a caller sees at all does not depend on scopes. */
function isAs(caller: Caller, projectId: string, right: Right): boolean {
  const role = caller.roles.get(projectId)
  return role !== undefined && roleHas(role, right)
}

function isScoped({ key }: Caller, projectId: string): boolean {
  return scopesOf(key, projectId) !== undefined
}

/** The installation's first operator may make projects, and has no rights in those of others. */
export function checkFirstOperator(caller: Caller): void {
  // It would own what it makes, with all rights there.
  if (caller.key.projects.some(({ scopes }) => scopes !== undefined))
    throw new Fault('forbidden', 'key', 'This key has scopes, and none is good for this')
  if (caller.narrowed && caller.narrowed.size > 0)
    throw new Fault('forbidden', 'key', 'This key is weaker than its operator, and was not made for that')
  if (caller.operator.first) return
  throw new Fault('forbidden', 'operator', "Only the installation's first operator may do this")
}

/** The operator whose access lists narrow what the caller sees in the project; undefined for admins, who see all of it. */
export function viewerIn(caller: Caller, projectId: string): string | undefined {
  return isAs(caller, projectId, 'administer') ? undefined : caller.operator.id
}

/** What the caller may do with each of these things of one project; those that it may not even see are absent. */
export async function accessToEach(
  tables: Tables,
  caller: Caller,
  projectId: string,
  kind: Entity['kind'],
  ids: readonly string[],
): Promise<ReadonlyMap<string, Access>> {
  if (!caller.roles.has(projectId)) return new Map()
  if (isAs(caller, projectId, 'administer')) return new Map(ids.map(id => [id, cut(caller, projectId, 'admin')]))
  const given = await tables.access.strongest(caller.operator.id, kind, ids)
  return new Map([...given].map(([id, access]) => [id, cut(caller, projectId, access)]))
}

/** A key that is weaker than its operator takes no more from an access list than its own role is good for; with scopes, no more than a look. */
function cut(caller: Caller, projectId: string, access: Access): Access {
  if (isScoped(caller, projectId)) return 'user'
  if (!caller.narrowed?.has(projectId) || hasRight(caller, projectId, 'administer')) return access
  return weakerAccess(access, hasRight(caller, projectId, 'change') ? 'editor' : 'user')
}

/** Throws where the key is weaker than its operator: what everybody may do, such a key may not do for everybody. */
export function checkWholeKey(caller: Caller, projectId: string): void {
  if (!caller.narrowed?.has(projectId) && !isScoped(caller, projectId)) return
  throw new Fault('forbidden', 'key', 'This key is weaker than its operator, and was not made for that')
}

/** Throws unless the access that the caller has on a thing has the right. */
export function checkAccess(access: Access, right: EntityRight): void {
  if (accessHas(access, right)) return
  throw new Fault(
    'forbidden',
    'project',
    `This needs an admin of the project, or more than ${access} on its access list`,
  )
}

/** A thing and what the caller may do with it. */
export interface Seen<T> {
  readonly thing: T
  readonly access: Access
}

/** A thing with an access list, if the caller sees it. Both questions are asked whatever the first one's answer: nobody learns from the time it takes. */
export async function findSeen<T extends { readonly projectId: string }>(
  tables: Tables,
  caller: Caller,
  { kind, id }: Entity,
  find: (id: string) => Promise<T | undefined>,
): Promise<Seen<T> | undefined> {
  const [thing, given] = await Promise.all([find(id), givenTo(tables, caller, kind, id)])
  if (!thing || !caller.roles.has(thing.projectId)) return undefined
  if (!hasRight(caller, thing.projectId, kind === 'connection' ? 'coordinates' : 'belong')) return undefined
  const whole = isAs(caller, thing.projectId, 'administer') ? 'admin' : given
  if (!whole) return undefined
  const access = cut(caller, thing.projectId, whole)
  noteNeed({ kind: 'thing', entity: { kind, id }, access })
  return { thing, access }
}

export function findConnection(tables: Tables, caller: Caller, id: string): Promise<Seen<Connection> | undefined> {
  return findSeen(tables, caller, { kind: 'connection', id }, one => tables.connections.find(one))
}

async function givenTo(tables: Tables, caller: Caller, kind: Entity['kind'], id: string): Promise<Access | undefined> {
  if (seesAll(caller)) return undefined
  return (await tables.access.strongest(caller.operator.id, kind, [id])).get(id)
}

/** An instance, if some connection that the caller sees leads to it. */
export async function findInstance(tables: Tables, caller: Caller, id: string): Promise<Instance | undefined> {
  const [instance, seen] = await Promise.all([
    tables.instances.find(id),
    seesAll(caller) || tables.access.seesInstance(caller.operator.id, id),
  ])
  if (!instance || !caller.roles.has(instance.projectId)) return undefined
  if (!seen && viewerIn(caller, instance.projectId) !== undefined) return undefined
  noteNeed({ kind: 'instance', id })
  return instance
}

/** An operation, if the caller sees everything that it touches. */
export async function findOperation(tables: Tables, caller: Caller, id: string): Promise<Operation | undefined> {
  const [operation, seen] = await Promise.all([
    tables.operations.find(id),
    seesAll(caller) || tables.access.seesOperation(caller.operator.id, id),
  ])
  if (!operation || !caller.roles.has(operation.projectId)) return undefined
  return seen || viewerIn(caller, operation.projectId) === undefined ? operation : undefined
}

/** An admin wherever it is anything at all: access lists need not be asked. */
function seesAll(caller: Caller): boolean {
  return [...caller.roles.values()].every(role => roleHas(role, 'administer'))
}
