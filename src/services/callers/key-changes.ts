import type { ApiKey } from '../../domain/callers/api-key.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import { newKeyId, newPublicKey } from '../../domain/id.ts'
import { ROLES, type Role, weakerRole } from '../../domain/users/role.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkFirstOperator, checkRight, hasRight } from '../access/access.ts'
import { isWithinNetworks, parseNetwork } from '../network/networks.ts'
import { auditOf } from '../operations/audit.ts'
import { changeStore } from '../operations/store-change.ts'
import { newPrivateKey } from './installation.ts'
import { checkKeeps } from './keeping-keys.ts'
import type { AlsoWritten, MadeKey } from './keys.ts'

/** How far a key of the installation reaches: every project that its maker's key opens, as that does; the same, to read; or none yet. */
export type Reach = 'all' | 'read' | 'none'

/** What the keys of a project do not say: keys over all projects, and changes of keys that are there. */
export interface KeyChanges {
  /** Every key that the caller may look after: those of its projects, and its own. For the installation's first operator. */
  listAll(caller: Caller): Promise<readonly ApiKey[]>
  /** One of them. */
  getAny(caller: Caller, id: string): Promise<ApiKey>
  createAny(
    caller: Caller,
    wanted: { readonly description?: string; readonly reach: Reach },
    also?: AlsoWritten,
  ): Promise<MadeKey>
  /** Of a key that others look after, its roles in the caller's projects alone. */
  revokeAny(caller: Caller, id: string): Promise<void>
  /** For those who look after the key. */
  describe(caller: Caller, key: ApiKey, description: string): Promise<ApiKey>
  /** No wider than the caller's own key. */
  setNetworks(caller: Caller, key: ApiKey, networks: readonly string[]): Promise<ApiKey>
  /** What a key may do in a project: no more than the caller, and than its operator. */
  setRole(caller: Caller, projectId: string, id: string, role: Role): Promise<ApiKey>
  /** The key opens the project no more; one that opens nothing else is revoked. */
  leave(caller: Caller, projectId: string, id: string): Promise<void>
}

export function createKeyChanges(store: Store): KeyChanges {
  async function listAll(caller: Caller): Promise<readonly ApiKey[]> {
    checkFirstOperator(caller)
    const own = await store.read.keys.listOf(caller.operator.id)
    const projects = [...caller.roles.keys()].filter(id => hasRight(caller, id, 'administer'))
    const others = await Promise.all(projects.map(id => keysOf(store, id)))
    const all = new Map([...own, ...others.flat()].map(key => [key.id, key]))
    return [...all.values()].filter(({ revokedAt }) => revokedAt === undefined).toSorted(byAge)
  }

  async function getAny(caller: Caller, id: string): Promise<ApiKey> {
    const key = (await listAll(caller)).find(one => one.id === id)
    if (!key) throw new Fault('not_found', 'key', `No key ${id}`)
    return key
  }

  function createAny(
    caller: Caller,
    { description, reach }: { readonly description?: string; readonly reach: Reach },
    also?: AlsoWritten,
  ): Promise<MadeKey> {
    checkFirstOperator(caller)
    const { homeProjectId, networks, expiresAt } = caller.key
    return changeStore(store, async tables => {
      const key: ApiKey = {
        id: newKeyId(),
        publicKey: newPublicKey(),
        operatorId: caller.operator.id,
        homeProjectId,
        description,
        networks,
        expiresAt,
        projects: projectsWithin(caller, reach),
        madeBy: caller.key.madeBy,
        createdAt: await tables.now(),
      }
      const privateKey = newPrivateKey()
      await tables.keys.add(key, privateKey)
      await also?.(tables, key)
      await note(tables, caller, key, 'key.create', ['projects', 'networks', 'expiresAt'])
      return { key, privateKey }
    })
  }

  async function revokeAny(caller: Caller, id: string): Promise<void> {
    const key = await getAny(caller, id)
    const isKeeper = key.operatorId === caller.operator.id || hasRight(caller, key.homeProjectId, 'administer')
    const here = key.projects.filter(({ projectId }) => hasRight(caller, projectId, 'administer'))
    await changeStore(store, async tables => {
      if (isKeeper) await tables.keys.revoke(id, await tables.now())
      else for (const { projectId } of here) await tables.keys.removeProject(id, projectId)
      await note(tables, caller, key, 'key.revoke', isKeeper ? [] : here.map(({ projectId }) => projectId))
    })
  }

  async function describe(caller: Caller, key: ApiKey, description: string): Promise<ApiKey> {
    checkKeeps(caller, key)
    return changeKey(caller, key, ['description'], tables => tables.keys.describe(key.id, description))
  }

  async function setNetworks(caller: Caller, key: ApiKey, networks: readonly string[]): Promise<ApiKey> {
    checkKeeps(caller, key)
    for (const network of networks) parseNetwork(network)
    const { networks: own } = caller.key
    const isWithin = networks.length > 0 && networks.every(network => isWithinNetworks(network, own))
    if (own.length > 0 && !isWithin)
      throw new Fault('forbidden', 'key', 'This key is bound to networks, and opens none to any others')
    return changeKey(caller, key, ['networks'], tables => tables.keys.setNetworks(key.id, networks))
  }

  async function setRole(caller: Caller, projectId: string, id: string, role: Role): Promise<ApiKey> {
    checkRight(caller, projectId, 'administer')
    const key = await store.read.keys.find(id)
    const member = key && (await store.read.members.find(projectId, key.operatorId))
    if (!key || key.revokedAt !== undefined || !member) throw new Fault('not_found', 'key', `No key ${id}`)
    const before = key.projects.find(one => one.projectId === projectId)
    if (!before && key.operatorId !== caller.operator.id) throw new Fault('not_found', 'key', `No key ${id}`)
    checkNotStronger(weakerRole(caller.roles.get(projectId)!, member.role), before?.role ?? 'viewer', role)
    return changeKey(caller, key, ['role'], tables =>
      tables.keys.setProject(id, { projectId, role, scopes: before?.scopes }),
    )
  }

  async function leave(caller: Caller, projectId: string, id: string): Promise<void> {
    checkRight(caller, projectId, 'administer')
    const key = await store.read.keys.find(id)
    const own = key?.projects.find(one => one.projectId === projectId)
    if (!key || !own || key.revokedAt !== undefined) throw new Fault('not_found', 'key', `No key ${id}`)
    checkNotStronger(caller.roles.get(projectId)!, own.role, own.role)
    await changeStore(store, async tables => {
      if (key.projects.length > 1) await tables.keys.removeProject(id, projectId)
      else await tables.keys.revoke(id, await tables.now())
      await note(tables, caller, key, key.projects.length > 1 ? 'key.change' : 'key.revoke', [])
    })
  }

  function changeKey(
    caller: Caller,
    key: ApiKey,
    detail: readonly string[],
    work: (tables: Tables) => Promise<void>,
  ): Promise<ApiKey> {
    return changeStore(store, async tables => {
      await work(tables)
      await note(tables, caller, key, 'key.change', detail)
      return (await tables.keys.find(key.id))!
    })
  }

  return { listAll, getAny, createAny, revokeAny, describe, setNetworks, setRole, leave }
}

function byAge(one: ApiKey, other: ApiKey): number {
  return one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1)
}

async function keysOf(store: Store, projectId: string): Promise<readonly ApiKey[]> {
  const keys: ApiKey[] = []
  for (let after: string | undefined, last = false; !last; ) {
    const page = await store.read.keys.list(projectId, { limit: 500, after })
    keys.push(...page.items)
    after = page.next
    last = after === undefined
  }
  return keys
}

function projectsWithin({ roles }: Caller, reach: Reach): ApiKey['projects'] {
  if (reach === 'none') return []
  return [...roles].map(([projectId, role]) => ({ projectId, role: reach === 'read' ? 'viewer' : role }))
}

/** Neither what it may do now nor what it is to do. */
function checkNotStronger(strongest: Role, before: Role, after: Role): void {
  if ([before, after].every(role => ROLES.indexOf(role) <= ROLES.indexOf(strongest))) return
  throw new Fault('forbidden', 'key', `A key can be no stronger than its maker and its operator: ${strongest} here`)
}

async function note(tables: Tables, caller: Caller, key: ApiKey, action: string, detail: readonly string[]) {
  const line = { projectId: key.homeProjectId, action, subject: key.id, detail, at: await tables.now() }
  await tables.audit.add(auditOf(caller, line))
}
