import type { ApiKey, KeyProject } from '../../domain/callers/api-key.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { SCOPES } from '../../domain/callers/scope.ts'
import { Fault } from '../../domain/fault.ts'
import { newKeyId, newPublicKey } from '../../domain/id.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Secret } from '../../domain/secret.ts'
import { ROLES, type Role, roleHas, weakerRole } from '../../domain/users/role.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import { isWithinNetworks, parseNetwork } from '../network/networks.ts'
import { auditOf } from '../operations/audit.ts'
import { changeStore } from '../operations/store-change.ts'
import { refused } from './authentication.ts'
import { newPrivateKey } from './installation.ts'

export interface NewKey {
  readonly role: Role
  /** Whose key; the caller's own unless an admin makes one for somebody else. */
  readonly operatorId?: string
  readonly description?: string
  readonly scopes?: readonly string[]
  readonly networks?: readonly string[]
  readonly expiresAt?: number
}

export interface MadeKey {
  readonly key: ApiKey
  /** Known here and nowhere else afterwards. */
  readonly privateKey: Secret
}

export type AlsoWritten = (tables: Tables, key: ApiKey) => Promise<void>

/** API keys of a project. Everybody manages their own; an admin manages everybody's. */
export interface Keys {
  list(caller: Caller, projectId: string, page: KeyPage): Promise<Page<ApiKey>>
  get(caller: Caller, projectId: string, id: string): Promise<ApiKey>
  /** `also` is written in the same transaction. */
  create(caller: Caller, projectId: string, wanted: NewKey, also?: AlsoWritten): Promise<MadeKey>
  /** Of a key that is at home in another project, only its role in this one is taken away. */
  revoke(caller: Caller, projectId: string, id: string): Promise<void>
  /** A new key that may do what the caller's own key may; that one is revoked in the same transaction. */
  replaceOwn(caller: Caller): Promise<MadeKey>
}

export function createKeys(store: Store): Keys {
  const isAdmin = (caller: Caller, projectId: string) => roleHas(caller.roles.get(projectId) ?? 'viewer', 'administer')

  async function list(caller: Caller, projectId: string, page: KeyPage): Promise<Page<ApiKey>> {
    checkRight(caller, projectId, 'belong')
    return store.read.keys.list(projectId, page, isAdmin(caller, projectId) ? undefined : caller.operator.id)
  }

  async function get(caller: Caller, projectId: string, id: string): Promise<ApiKey> {
    checkRight(caller, projectId, 'belong')
    const key = await store.read.keys.find(id)
    const named = key?.projects.some(one => one.projectId === projectId)
    const own = key?.operatorId === caller.operator.id
    if (!key || !named || !(own || isAdmin(caller, projectId))) throw new Fault('not_found', 'key', `No key ${id}`)
    return key
  }

  async function create(caller: Caller, projectId: string, wanted: NewKey, also?: AlsoWritten): Promise<MadeKey> {
    checkRight(caller, projectId, 'belong')
    const operatorId = wanted.operatorId ?? caller.operator.id
    if (operatorId !== caller.operator.id) checkRight(caller, projectId, 'administer')
    return store.transaction(async tables => {
      const now = await tables.now()
      const member = await tables.members.find(projectId, operatorId)
      if (!member)
        throw new Fault('invalid', 'key', 'That operator is not a member of this project', {
          violations: [{ pointer: '/operator', detail: 'name a member of the project' }],
        })
      await checkMayBeFor(tables, caller, operatorId)
      const own = caller.roles.get(projectId)!
      checkKey(wanted, caller.operator.id === operatorId ? own : weakerRole(own, member.role), now)
      const limits = limitsWithin(caller.key, wanted)
      const key: ApiKey = {
        id: newKeyId(),
        publicKey: newPublicKey(),
        operatorId,
        homeProjectId: projectId,
        description: wanted.description,
        projects: [keyProject(projectId, wanted)],
        createdAt: now,
        madeBy: makerOf(caller, operatorId),
        ...limits,
      }
      const privateKey = newPrivateKey()
      await tables.keys.add(key, privateKey)
      await also?.(tables, key)
      await tables.audit.add(
        auditOf(caller, {
          projectId,
          action: 'key.create',
          subject: key.id,
          detail: ['role', 'scopes', 'networks', 'expiresAt'],
          at: now,
        }),
      )
      return { key, privateKey }
    })
  }

  async function revoke(caller: Caller, projectId: string, id: string): Promise<void> {
    const key = await get(caller, projectId, id)
    const isHome = key.homeProjectId === projectId
    checkNotStronger(caller, isHome && !isAdmin(caller, projectId) ? key.projects : [projectOf(key, projectId)], key)
    await changeStore(store, async tables => {
      const at = await tables.now()
      if (isHome) await tables.keys.revoke(id, at)
      else await tables.keys.removeProject(id, projectId)
      const detail = isHome ? [] : [`role ${projectOf(key, projectId).role}`]
      await tables.audit.add(auditOf(caller, { projectId, action: 'key.revoke', subject: id, detail, at }))
    })
  }

  async function replaceOwn(caller: Caller): Promise<MadeKey> {
    return store.transaction(async tables => {
      const at = await tables.now()
      const old = await tables.keys.find(caller.key.id)
      // Revoked meanwhile: a key that was taken away must not make itself a successor, nor two of them at once.
      if (!old || !(await tables.keys.revoke(old.id, at))) throw refused()
      const key: ApiKey = { ...old, id: newKeyId(), publicKey: newPublicKey(), createdAt: at, lastUsedAt: undefined }
      const privateKey = newPrivateKey()
      await tables.keys.add(key, privateKey)
      const line = { projectId: old.homeProjectId, detail: [], at }
      await tables.audit.add(auditOf(caller, { ...line, action: 'key.create', subject: key.id }))
      await tables.audit.add(auditOf(caller, { ...line, action: 'key.revoke', subject: old.id }))
      return { key, privateKey }
    })
  }

  return { list, get, create, revoke, replaceOwn }
}

/** With a key of the installation's first operator one may make projects: that is nobody's to give. */
async function checkMayBeFor(tables: Tables, caller: Caller, operatorId: string): Promise<void> {
  if (operatorId === caller.operator.id || !(await tables.operators.find(operatorId))?.first) return
  throw new Fault('forbidden', 'key', "Only the installation's first operator makes keys of its own")
}

/** Undefined: its operator, or whoever keeps the machine. A key that others know can't make one that they don't. */
function makerOf({ key, operator, dialect }: Caller, operatorId: string): string | undefined {
  if (dialect === 'command') return undefined
  return operator.id === operatorId ? key.madeBy : operator.id
}

function projectOf({ projects }: ApiKey, id: string): KeyProject {
  return projects.find(({ projectId }) => projectId === id) ?? { projectId: id, role: 'viewer' }
}

/** A weak key that got into the wrong hands must not shut its operator out. */
function checkNotStronger(caller: Caller, projects: readonly KeyProject[], { id }: ApiKey): void {
  for (const { projectId, role } of projects) {
    const own = caller.roles.get(projectId)
    if (id === caller.key.id || (own && ROLES.indexOf(role) <= ROLES.indexOf(own))) continue
    throw new Fault('forbidden', 'key', `This key can't revoke one that has the role ${role} where it is weaker`)
  }
}

function checkScopes(scopes: readonly string[] | undefined): void {
  const isKnown = (scope: string) => (SCOPES as readonly string[]).includes(scope)
  if (!scopes || (scopes.length > 0 && scopes.every(isKnown))) return
  throw new Fault('invalid', 'key', `Scopes are some of ${SCOPES.join(', ')}; without any, leave them out`, {
    violations: [{ pointer: '/scopes', detail: `must be some of ${SCOPES.join(', ')}` }],
  })
}

function keyProject(projectId: string, wanted: NewKey): KeyProject {
  return { projectId, role: wanted.role, scopes: wanted.scopes }
}

/** A key with an end, or bound to networks, makes none that outlives it or works from elsewhere; what is left out is as it is with its maker. */
function limitsWithin(maker: Limits, wanted: NewKey): Limits {
  const { expiresAt = maker.expiresAt, networks = maker.networks } = wanted
  if (maker.expiresAt !== undefined && expiresAt! > maker.expiresAt)
    throw new Fault('forbidden', 'key', 'This key has an end, and makes no key that ends later')
  const isWithin = networks.length > 0 && networks.every(network => isWithinNetworks(network, maker.networks))
  if (maker.networks.length > 0 && !isWithin)
    throw new Fault('forbidden', 'key', 'This key is bound to networks, and makes no key for any others')
  return { expiresAt, networks }
}

type Limits = Pick<ApiKey, 'expiresAt' | 'networks'>

function checkKey(wanted: NewKey, strongest: Role, now: number): void {
  checkScopes(wanted.scopes)
  for (const network of wanted.networks ?? []) parseNetwork(network)
  if (wanted.expiresAt !== undefined && wanted.expiresAt <= now) {
    throw new Fault('invalid', 'key', 'The end of a key lies in the future', {
      violations: [{ pointer: '/expiresAt', detail: 'is in the past' }],
    })
  }
  if (ROLES.indexOf(wanted.role) <= ROLES.indexOf(strongest)) return
  throw new Fault(
    'forbidden',
    'key',
    `A key can be no stronger than its maker and its operator; the strongest role here is ${strongest}`,
  )
}
