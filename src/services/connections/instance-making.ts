import { Fault, type Violation } from '../../domain/fault.ts'
import { newInstanceId } from '../../domain/id.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { Tables } from '../../store/store.ts'
import type { ConnectionWish } from './connection-wish.ts'

/** The instance that a first connection makes. Names it did not choose are derived from the connection's own, made unique. */
export async function newInstance(
  tables: Tables,
  projectId: string,
  wish: ConnectionWish,
  now: number,
): Promise<Instance> {
  await tables.projects.hold(projectId)
  const slug = wish.slug ?? (await freeSlug(tables, projectId, slugOf(wish.name)))
  const name = wish.instanceName ?? (wish.slug ? await freeName(tables, projectId, slug) : slug)
  if (await tables.instances.isTaken(projectId, { slug })) throw taken('/slug', slug)
  if (await tables.instances.isTaken(projectId, { name })) throw taken('/instanceName', name)
  return {
    id: newInstanceId(),
    projectId,
    engine: wish.engine,
    name,
    slug,
    versionSlug: wish.version,
    mode: wish.mode ?? 'manage',
    policy: wish.policy ?? {},
    tags: wish.tags ?? [],
    advertise: wish.advertise ?? {},
    accountHost: wish.accountHost,
    defaultDatabase: wish.defaultDatabase,
    leaving: false,
    createdAt: now,
    updatedAt: now,
    version: 1,
  }
}

/** What is to be done on a server before its last connection goes, written down in the same transaction. */
export type OnLeave = (tables: Tables, instanceId: string, now: number) => Promise<void>

/** Removes connections. The last one takes its instance along; while operations are open there, or logins have an end, both stay, leaving, until the last is done or gone. Answers how many it removed: of two at once, only one does. */
export async function removeConnections(
  tables: Tables,
  instanceId: string,
  ids: readonly string[],
  now: number,
  onLeave?: OnLeave,
): Promise<number> {
  for (const id of ids) await tables.connections.hold(id)
  await checkUnused(tables, ids)
  const others = (await connectionsLeft(tables, instanceId)).filter(({ id }) => !ids.includes(id))
  if (others.length === 0) await onLeave?.(tables, instanceId, now)
  if (others.length === 0 && (await hasPromises(tables, instanceId))) return retire(tables, instanceId, ids, now)
  let removed = 0
  for (const id of ids) if (await tables.connections.remove(id)) removed += 1
  if (others.length === 0) await tables.instances.remove(instanceId)
  return removed
}

/** An instance that its last connection was moved away from goes; not while promises are open there, which would lose their way. */
export async function leaveIfEmpty(tables: Tables, instanceId: string): Promise<void> {
  if ((await connectionsLeft(tables, instanceId)).length > 0) return
  if (await hasPromises(tables, instanceId)) {
    throw new Fault(
      'conflict',
      'connection',
      'Changes are still open on the server that it leads to, or logins of it have an end; move it when they are done',
    )
  }
  await tables.instances.remove(instanceId)
}

async function hasPromises(tables: Tables, instanceId: string): Promise<boolean> {
  return (await tables.operations.countOpen(instanceId)) > 0 || (await tables.expiries.count(instanceId)) > 0
}

/** So many are named of what stands in the way. */
const NAMED = 20

async function checkUnused(tables: Tables, ids: readonly string[]): Promise<void> {
  const usedBy = await tables.dataSources.using(ids, NAMED)
  if (usedBy.length === 0) return
  throw new Fault('in_use', 'connection', 'Data sources read through this connection; remove them first', { usedBy })
}

async function retire(tables: Tables, instanceId: string, ids: readonly string[], now: number): Promise<number> {
  for (const id of ids) await tables.connections.retire(id, now)
  const instance = await tables.instances.find(instanceId)
  if (instance) await tables.instances.save({ ...instance, leaving: true, updatedAt: now })
  return ids.length
}

async function connectionsLeft(tables: Tables, instanceId: string) {
  return (await tables.connections.ofInstance(instanceId)).filter(({ removedAt }) => removedAt === undefined)
}

/** A field of the instance that a later connection contradicts is refused: two connections can't both be right. */
export function checkAgrees(instance: Instance, wish: Partial<ConnectionWish>): void {
  const said: Readonly<Record<string, readonly [unknown, unknown]>> = {
    instanceName: [wish.instanceName, instance.name],
    slug: [wish.slug, instance.slug],
    version: [wish.version, instance.versionSlug],
    advertise: [wish.advertise, instance.advertise],
    defaultDatabase: [wish.defaultDatabase, instance.defaultDatabase],
    accountHost: [wish.accountHost, instance.accountHost],
    policy: [wish.policy, instance.policy],
    tags: [wish.tags, instance.tags],
    mode: [wish.mode, instance.mode],
  }
  const violations = Object.entries(said).flatMap(([field, [wanted, actual]]): Violation[] => {
    if (wanted === undefined || JSON.stringify(wanted) === JSON.stringify(actual)) return []
    return [
      {
        pointer: `/${field}`,
        detail: `contradicts the instance ${instance.name}, which these hosts already lead to; change the instance instead`,
      },
    ]
  })
  if (violations.length > 0)
    throw new Fault('invalid', 'connection', 'The connection contradicts its instance', { violations })
}

function taken(pointer: string, name: string): Fault {
  return new Fault('invalid', 'connection', `${name} is taken by another instance of the project`, {
    violations: [{ pointer, detail: 'is taken by another instance of the project' }],
  })
}

/** `Orders (staging)` becomes `orders-staging`. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
  return slug.slice(0, 56) || 'instance'
}

async function freeSlug(tables: Tables, projectId: string, wanted: string): Promise<string> {
  for (let n = 1; ; n++) {
    const slug = n === 1 ? wanted : `${wanted}-${n}`
    if (!(await tables.instances.isTaken(projectId, { slug, name: slug }))) return slug
  }
}

async function freeName(tables: Tables, projectId: string, wanted: string): Promise<string> {
  for (let n = 1; ; n++) {
    const name = n === 1 ? wanted : `${wanted}-${n}`
    if (!(await tables.instances.isTaken(projectId, { name }))) return name
  }
}
