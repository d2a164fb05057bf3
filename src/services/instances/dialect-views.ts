import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Secret } from '../../domain/secret.ts'
import type { EngineName, Instance, ServerFacts } from '../../domain/servers/instance.ts'
import type { Policy } from '../../domain/servers/policy.ts'
import type { Right } from '../../domain/users/role.ts'
import { SERVER_ADMIN, type UserKey, userKeyText } from '../../domain/users/user.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkRight, findInstance, viewerIn } from '../access/access.ts'
import { mayRecall } from '../access/server-admins.ts'
import type { ConnectionWish } from '../connections/connection-wish.ts'
import type { Connections } from '../connections/connections.ts'
import type { Links } from '../links/links.ts'
import { lastWord } from '../operations/contention.ts'
import { changeStore } from '../operations/store-change.ts'
import { wholeKey } from '../users/account-key.ts'
import { type Claim, changeTags, claim, noteDetails, release, renameTo } from './claims.ts'
import { byAge, type InstanceView, primaryOf, toView } from './instance-view.ts'
import { noInstance, policiesOf, visibleConnections } from './instances.ts'

/** What a dialect can show at all: instances of one project, of the engines that it has a word for. The dialect is the caller's. */
export interface Sight {
  readonly projectId: string
  readonly engines: readonly EngineName[]
}

export type { InstanceView }

/** How a dialect sees instances, adopts them and lets them go. Nothing of this changes anything on a server. */
export interface DialectViews {
  /** Everything but what is released; oldest first. */
  list(caller: Caller, sight: Sight): Promise<readonly InstanceView[]>
  /** What is released, too: all that may be adopted. */
  listAll(caller: Caller, sight: Sight, right: Right): Promise<readonly InstanceView[]>
  /** Throws `not_found` where the dialect, or an access list, hides it; then `forbidden` unless the caller has the right. */
  get(caller: Caller, sight: Sight, id: string, right?: Right): Promise<InstanceView>
  /** What its server said of itself; asks it if nobody has yet. */
  server(instance: Instance, signal: AbortSignal): Promise<ServerFacts>
  /** Takes it under an alias; again under the same one is no fault. */
  adopt(caller: Caller, sight: Sight, id: string, wanted: Claim): Promise<InstanceView>
  /** Makes a connection, and adopts the instance that it leads to, in one transaction. */
  register(caller: Caller, sight: Sight, wish: ConnectionWish, wanted: Claim): Promise<InstanceView>
  /** Another alias in the dialect; its own name stays. */
  rename(caller: Caller, sight: Sight, id: string, alias: string): Promise<InstanceView>
  /** Hides it from the dialect until it is adopted again; refused where the policy `onDelete` says so. */
  release(caller: Caller, sight: Sight, id: string): Promise<void>
  /** Keeps these details beside those that are there. */
  note(caller: Caller, sight: Sight, id: string, details: Claim['details']): Promise<InstanceView>
  /** Gives these instances other tags, all of them or none. */
  retag(caller: Caller, sight: Sight, right: 'tag' | 'untag', ids: readonly string[], to: TagChange): Promise<void>
  /** The password of the managing login, if Rolecall made it, the policy keeps it, and the caller may read it. */
  recall(caller: Caller, view: InstanceView): Promise<Secret | undefined>
}

export type TagChange = (tags: readonly string[]) => readonly string[]

export interface DialectViewParts {
  readonly store: Store
  readonly links: Links
  readonly connections: Pick<Connections, 'createWith'>
  readonly installationPolicy: Policy
}

export function createDialectViews(parts: DialectViewParts): DialectViews {
  const { store, links } = parts

  async function listAll(caller: Caller, sight: Sight, right: Right): Promise<readonly InstanceView[]> {
    const { projectId, engines } = sight
    checkRight(caller, projectId, right)
    const tables = store.read
    const viewer = viewerIn(caller, projectId)
    const [all, connections, views, policies] = await Promise.all([
      everyOne(page => tables.instances.list(projectId, page, viewer)),
      everyOne(page => tables.connections.list(projectId, page, viewer)),
      tables.instances.views(projectId, caller.dialect),
      policiesOf(tables, parts.installationPolicy, projectId),
    ])
    const seen = Map.groupBy(connections, ({ instanceId }) => instanceId)
    const here = all.filter(instance => engines.includes(instance.engine) && !instance.leaving)
    return Promise.all(
      here.toSorted(byAge).map(async instance => {
        const own = seen.get(instance.id) ?? []
        const primary = await primaryOf(tables, instance, own)
        const { policy } = policies(instance)
        const contact = links.lastContact(instance)
        return toView({ instance, view: views.get(instance.id), connections: own, primary, policy, contact })
      }),
    )
  }

  async function list(caller: Caller, sight: Sight): Promise<readonly InstanceView[]> {
    return (await listAll(caller, sight, 'read')).filter(({ state }) => state !== 'released')
  }

  async function get(caller: Caller, sight: Sight, id: string, right: Right = 'read'): Promise<InstanceView> {
    const instance = await mustSee(store.read, caller, sight, id)
    const view = await look(store.read, caller, instance)
    if (view.state === 'released') throw noInstance(id)
    checkRight(caller, sight.projectId, right)
    return view
  }

  async function look(tables: Tables, caller: Caller, instance: Instance): Promise<InstanceView> {
    const [view, connections, policies] = await Promise.all([
      tables.instances.view(instance.id, caller.dialect),
      visibleConnections(tables, caller, instance),
      policiesOf(tables, parts.installationPolicy, instance.projectId),
    ])
    const own = connections.filter(({ removedAt }) => removedAt === undefined)
    const primary = await primaryOf(tables, instance, own)
    const { policy } = policies(instance)
    return toView({ instance, view, connections: own, primary, policy, contact: links.lastContact(instance) })
  }

  /** Looked at again inside of the transaction: what was true before it may not be any more. */
  function change<T>(
    caller: Caller,
    sight: Sight,
    id: string,
    right: Right,
    work: (tables: Tables, instance: Instance) => Promise<T>,
  ): Promise<T> {
    return again(async tables => {
      const instance = await mustSee(tables, caller, sight, id)
      checkRight(caller, sight.projectId, right)
      return work(tables, instance)
    })
  }

  async function afterwards(tables: Tables, caller: Caller, sight: Sight, id: string): Promise<InstanceView> {
    return look(tables, caller, await mustSee(tables, caller, sight, id))
  }

  function adopt(caller: Caller, sight: Sight, id: string, wanted: Claim): Promise<InstanceView> {
    return change(caller, sight, id, 'adopt', async (tables, instance) => {
      await claim(tables, caller, instance, wanted)
      return afterwards(tables, caller, sight, id)
    })
  }

  function rename(caller: Caller, sight: Sight, id: string, alias: string): Promise<InstanceView> {
    return change(caller, sight, id, 'adopt', async (tables, instance) => {
      if (!(await renameTo(tables, caller, instance, alias))) throw noInstance(id)
      return afterwards(tables, caller, sight, id)
    })
  }

  function register(caller: Caller, sight: Sight, wish: ConnectionWish, wanted: Claim): Promise<InstanceView> {
    return parts.connections.createWith(caller, sight.projectId, wish, async (tables, { instance }) => {
      await claim(tables, caller, instance, wanted)
      return afterwards(tables, caller, sight, instance.id)
    })
  }

  function letGo(caller: Caller, sight: Sight, id: string): Promise<void> {
    return change(caller, sight, id, 'release', async (tables, instance) => {
      const { policy, state } = await look(tables, caller, instance)
      if (state === 'released') throw noInstance(id)
      if (policy.onDelete === 'refuse')
        throw new Fault('invalid', 'instance', `The policy onDelete keeps ${instance.name} from being released`)
      await release(tables, caller, instance)
    })
  }

  function note(caller: Caller, sight: Sight, id: string, details: Claim['details']): Promise<InstanceView> {
    return change(caller, sight, id, 'configure', async (tables, instance) => {
      if (!(await noteDetails(tables, caller, instance, details))) throw noInstance(id)
      return afterwards(tables, caller, sight, id)
    })
  }

  function retag(
    caller: Caller,
    sight: Sight,
    right: 'tag' | 'untag',
    ids: readonly string[],
    to: TagChange,
  ): Promise<void> {
    return again(async tables => {
      checkRight(caller, sight.projectId, right)
      for (const id of ids) {
        const instance = await mustSee(tables, caller, sight, id)
        const { state } = await look(tables, caller, instance)
        if (state === 'released') throw noInstance(id)
        await changeTags(tables, caller, instance, to(instance.tags))
      }
    })
  }

  function again<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
    return lastWord(undefined, () => changeStore(store, work))
  }

  async function recall(caller: Caller, view: InstanceView): Promise<Secret | undefined> {
    const { instance, primary, policy } = view
    if (primary === undefined || policy.passwordRecall !== 'stored') return undefined
    // The password that opens the whole server.
    if (!mayRecall(caller, instance.projectId, { flags: [SERVER_ADMIN] })) return undefined
    const key = await managingLogin(view)
    return key && (await store.read.users.find(instance.id, userKeyText(key)))?.password
  }

  /** As whom we are let in. Where a name may be several logins', only the server has said so, or nobody has yet. */
  async function managingLogin({ instance, connections }: InstanceView): Promise<UserKey | undefined> {
    const id = instance.managingConnectionId
    const connection = id === undefined ? connections[0] : await store.read.connections.find(id)
    if (!connection) return undefined
    const { about } = links.engineOf(instance)
    const { username: name, authDatabase, account } = connection
    return account ?? (about.capabilities.userHost ? undefined : wholeKey(about, instance, { name, authDatabase }))
  }

  async function server(instance: Instance, signal: AbortSignal): Promise<ServerFacts> {
    return instance.server ?? links.read(instance, signal, async client => client.server)
  }

  return { list, listAll, get, server, adopt, rename, register, release: letGo, note, retag, recall }
}

async function mustSee(tables: Tables, caller: Caller, { projectId, engines }: Sight, id: string): Promise<Instance> {
  const instance = await findInstance(tables, caller, id)
  const isHere = instance?.projectId === projectId && engines.includes(instance.engine) && !instance.leaving
  if (!instance || !isHere) throw noInstance(id)
  return instance
}

/** So many rows are read at a time. */
const AT_ONCE = 500

async function everyOne<T>(list: (page: KeyPage) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = []
  for (let page: Page<T> | undefined; !page || page.next !== undefined; ) {
    page = await list({ limit: AT_ONCE, after: page?.next })
    all.push(...page.items)
  }
  return all
}
