import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Connection } from '../../domain/servers/connection.ts'
import type { Advertise, Instance, Mode, ServerFacts } from '../../domain/servers/instance.ts'
import { type Policy, type PolicyInForce, type PolicyLevel, policyInForce } from '../../domain/servers/policy.ts'
import type { Right } from '../../domain/users/role.ts'
import type { DialectView } from '../../store/interface/servers.ts'
import type { Store, Tables } from '../../store/store.ts'
import { accessToEach, checkRight, findInstance, viewerIn } from '../access/access.ts'
import { type OnLeave, removeConnections } from '../connections/instance-making.ts'
import type { Links } from '../links/links.ts'
import { auditOf } from '../operations/audit.ts'
import { lastWord } from '../operations/contention.ts'
import { changeStore } from '../operations/store-change.ts'

export interface InstanceWish {
  readonly name?: string
  readonly slug?: string
  readonly version?: string | null
  readonly mode?: Mode
  readonly policy?: Policy
  readonly tags?: readonly string[]
  readonly advertise?: Advertise
  readonly accountHost?: string | null
  readonly defaultDatabase?: string | null
}

/** An instance with all that is known of it without asking the server. */
export interface InstanceShown {
  readonly instance: Instance
  readonly connections: readonly Connection[]
  readonly fingerprints: readonly string[]
  /** How dialects that adopted or released it see it, by dialect. */
  readonly views: ReadonlyMap<string, DialectView>
  readonly openOperations: number
  /** Other instances of the project whose server has said that it is the same one. */
  readonly sameServer: readonly string[]
  readonly policy: PolicyInForce
  readonly policyFrom: Readonly<Record<keyof Policy, PolicyLevel>>
}

export interface CheckOutcome {
  readonly reachable: boolean
  readonly detail?: string
  readonly server?: ServerFacts
  readonly missingRights?: readonly string[]
}

/** The managed servers of a project. */
export interface Instances {
  list(caller: Caller, projectId: string, page: KeyPage): Promise<Page<Instance>>
  get(caller: Caller, id: string): Promise<InstanceShown>
  /** The instance, if the caller has the right on it; one it may not see looks like one that does not exist. */
  allow(caller: Caller, id: string, right: Right): Promise<Instance>
  /** Like `allow` for a change of what is on its server; refused in observe mode. */
  allowChange(caller: Caller, id: string, right: Right): Promise<Instance>
  policyOf(instance: Instance): Promise<PolicyInForce>
  change(caller: Caller, id: string, wish: InstanceWish, version?: number): Promise<InstanceShown>
  /** Removes its connections and so leaves it; nothing on the server is dropped. */
  leave(caller: Caller, id: string, version?: number): Promise<void>
  /** Looks now. */
  check(caller: Caller, id: string, signal: AbortSignal): Promise<CheckOutcome>
  acceptServer(caller: Caller, id: string): Promise<InstanceShown>
  /** How strictly its server reads SQL, asked now; throws `unsupported` where the engine has no word for it. */
  sqlMode(caller: Caller, id: string, right: Right, signal: AbortSignal): Promise<string>
}

export interface InstanceParts {
  readonly store: Store
  readonly links: Links
  readonly installationPolicy: Policy
  readonly onLeave?: OnLeave
}

export function createInstances({ store, links, installationPolicy, onLeave }: InstanceParts): Instances {
  async function list(caller: Caller, projectId: string, page: KeyPage): Promise<Page<Instance>> {
    checkRight(caller, projectId, 'read')
    return store.read.instances.list(projectId, page, viewerIn(caller, projectId))
  }

  async function allow(caller: Caller, id: string, right: Right): Promise<Instance> {
    const instance = await findInstance(store.read, caller, id)
    if (!instance) throw noInstance(id)
    checkRight(caller, instance.projectId, right)
    return instance
  }

  async function allowChange(caller: Caller, id: string, right: Right): Promise<Instance> {
    const instance = await allow(caller, id, right)
    if (instance.mode === 'observe')
      throw new Fault(
        'read_only',
        'instance',
        `${instance.name} is in observe mode: everything is listed, nothing is changed`,
      )
    if (instance.leaving) throw new Fault('conflict', 'instance', `${instance.name} is leaving`)
    return instance
  }

  async function show(tables: Tables, caller: Caller, instance: Instance): Promise<InstanceShown> {
    const [connections, sameServer, fingerprints, views, openOperations, inForce] = await Promise.all([
      visibleConnections(tables, caller, instance),
      visibleTwins(tables, caller, instance),
      tables.instances.fingerprints(instance.id),
      tables.instances.viewsOf(instance.id),
      tables.operations.countOpen(instance.id),
      policies(tables, instance),
    ])
    const { policy, from: policyFrom } = inForce
    return { instance, connections, sameServer, fingerprints, views, openOperations, policy, policyFrom }
  }

  async function policies(tables: Tables, instance: Instance) {
    return (await policiesOf(tables, installationPolicy, instance.projectId))(instance)
  }

  async function change(caller: Caller, id: string, wish: InstanceWish, version?: number): Promise<InstanceShown> {
    const { projectId } = await allow(caller, id, 'administer')
    return lastWord(version, () => changeOne(caller, projectId, id, wish, version))
  }

  function changeOne(
    caller: Caller,
    projectId: string,
    id: string,
    wish: InstanceWish,
    version?: number,
  ): Promise<InstanceShown> {
    return changeStore(store, async tables => {
      // Names are given one after the other.
      if (wish.name !== undefined || wish.slug !== undefined) await tables.projects.hold(projectId)
      const before = await mustFind(tables, id)
      if (await tables.instances.isTaken(projectId, wish, id))
        throw new Fault('exists', 'instance', 'The name or slug is taken by another instance of the project')
      const now = await tables.now()
      await tables.instances.save({ ...merged(before, wish), updatedAt: now, version: version ?? before.version })
      await tables.audit.add(
        auditOf(caller, {
          projectId,
          instanceId: id,
          action: 'instance.change',
          subject: id,
          detail: Object.keys(wish),
          at: now,
        }),
      )
      return show(tables, caller, await mustFind(tables, id))
    })
  }

  async function leave(caller: Caller, id: string, version?: number): Promise<void> {
    const { projectId } = await allow(caller, id, 'administer')
    await lastWord(version, () => changeStore(store, tables => leaveOne(tables, caller, projectId, id, version)))
  }

  async function leaveOne(
    tables: Tables,
    caller: Caller,
    projectId: string,
    id: string,
    version?: number,
  ): Promise<void> {
    const instance = await mustFind(tables, id)
    if (version !== undefined && version !== instance.version)
      throw new Fault('precondition_failed', 'instance', 'The instance has changed since it was read')
    const ids = (await tables.connections.ofInstance(id)).map(connection => connection.id)
    const now = await tables.now()
    await removeConnections(tables, id, ids, now, onLeave)
    const line = { projectId, instanceId: id, action: 'instance.leave', subject: id, detail: [], at: now }
    await tables.audit.add(auditOf(caller, line))
  }

  async function check(caller: Caller, id: string, signal: AbortSignal): Promise<CheckOutcome> {
    const instance = await allow(caller, id, 'read')
    return links.read(instance, signal, async client => ({
      reachable: true,
      server: client.server,
      missingRights: await client.missingRights(),
    }))
  }

  async function acceptServer(caller: Caller, id: string): Promise<InstanceShown> {
    const { projectId, changedServer } = await allow(caller, id, 'administer')
    if (!changedServer)
      throw new Fault('conflict', 'instance', 'The server has not changed; there is nothing to accept')
    return changeStore(store, async tables => {
      const before = await mustFind(tables, id)
      const now = await tables.now()
      const server = {
        version: '',
        readOnly: false,
        ...before.server,
        fingerprint: changedServer.fingerprint,
        seenAt: now,
      }
      await tables.instances.see(id, { server, trust: true })
      await tables.instances.setChangedServer(id, undefined)
      await tables.audit.add(
        auditOf(caller, {
          projectId,
          instanceId: id,
          action: 'instance.accept-server',
          subject: id,
          detail: [changedServer.fingerprint],
          at: now,
        }),
      )
      return show(tables, caller, await mustFind(tables, id))
    })
  }

  async function sqlMode(caller: Caller, id: string, right: Right, signal: AbortSignal): Promise<string> {
    const instance = await allow(caller, id, right)
    return links.read(instance, signal, async client => {
      if (client.sqlMode) return client.sqlMode()
      throw new Fault('unsupported', 'instance', 'This engine has no sql_mode')
    })
  }

  return {
    list,
    get: async (caller, id) => show(store.read, caller, await allow(caller, id, 'read')),
    allow,
    allowChange,
    policyOf: async instance => (await policies(store.read, instance)).policy,
    change,
    leave,
    check,
    acceptServer,
    sqlMode,
  }
}

async function mustFind(tables: Tables, id: string): Promise<Instance> {
  const instance = await tables.instances.find(id)
  if (!instance) throw noInstance(id)
  return instance
}

/** Decides the policy in force on the instances of a project. */
export async function policiesOf(tables: Tables, installation: Policy, projectId: string) {
  const project = await tables.projects.find(projectId)
  return (instance: Instance) =>
    policyInForce([
      ['installation', installation],
      ['project', project?.policy ?? {}],
      ['instance', instance.policy],
    ])
}

export function noInstance(id: string): Fault {
  return new Fault('not_found', 'instance', `No instance ${id}`)
}

/** Another connection to the same server may be hidden. */
export async function visibleConnections(
  tables: Tables,
  caller: Caller,
  { id, projectId }: Instance,
): Promise<readonly Connection[]> {
  const all = await tables.connections.ofInstance(id)
  const ids = all.map(connection => connection.id)
  const seen = await accessToEach(tables, caller, projectId, 'connection', ids)
  return all.filter(connection => seen.has(connection.id))
}

/** The same server by another name, as far as the caller sees that one. */
async function visibleTwins(tables: Tables, caller: Caller, { id, projectId }: Instance): Promise<readonly string[]> {
  const twins = (await tables.connections.elsewhere(id, 'fingerprint')).filter(one => one.projectId === projectId)
  const ids = [...new Set(twins.map(({ instanceId }) => instanceId))].sort()
  const seen = await Promise.all(ids.map(twin => findInstance(tables, caller, twin)))
  return ids.filter((_, at) => seen[at])
}

/** `null` removes a value, `undefined` keeps it. */
function merged(before: Instance, wish: InstanceWish): Instance {
  const {
    name = before.name,
    slug = before.slug,
    mode = before.mode,
    policy = before.policy,
    tags = before.tags,
    advertise = before.advertise,
  } = wish
  const kept = <T>(wanted: T | null | undefined, now: T | undefined) =>
    wanted === undefined ? now : (wanted ?? undefined)
  return {
    ...before,
    name,
    slug,
    mode,
    policy,
    tags,
    advertise,
    versionSlug: kept(wish.version, before.versionSlug),
    accountHost: kept(wish.accountHost, before.accountHost),
    defaultDatabase: kept(wish.defaultDatabase, before.defaultDatabase),
  }
}
