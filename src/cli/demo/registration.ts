import type { App } from '../../app.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import type { Operator } from '../../domain/callers/operator.ts'
import type { Project } from '../../domain/callers/project.ts'
import { Secret } from '../../domain/secret.ts'
import { ensureFirst } from '../../services/callers/installation.ts'
import type { ConnectionShown } from '../../services/connections/connections.ts'
import { commandCaller, everything } from '../command-caller.ts'
import { type DemoKey, recall, remember, type ServerMemory } from './folder.ts'
import { MANAGING_LOGIN, PRODUCT_NAMES, type Product } from './product.ts'

/** Everything that the tour and the line for programs tell. */
export interface Registered {
  readonly project: Project
  readonly operator: Operator
  readonly key: DemoKey
  /** The demo's own servers that run. */
  readonly servers: readonly RegisteredServer[]
  /** Its own that were there before and don't run this time: listed still, since what they have is kept. */
  readonly stopped: readonly ConnectionShown[]
  /** What people have added. */
  readonly others: readonly ConnectionShown[]
}

export interface RegisteredServer extends ConnectionShown {
  readonly product: Product
}

const FIRST = { project: 'demo', username: 'demo' }

/** Sees to it that there are a project, a key and a connection to each server, whatever an earlier start got done. */
export async function register(app: App, folder: string, products: readonly Product[]): Promise<Registered> {
  const first = await ensureFirst(app.store, FIRST)
  if (first) keep(folder, { id: first.key.id, public: first.key.publicKey, private: first.key.privateKey.reveal() })
  const caller = await commandCaller(app.store)
  const project = await app.services.projects.get(caller, caller.operator.homeProjectId ?? '')
  const key = await keyFor(app, caller, project, folder)
  const found = await connections(app, caller, project, folder, products)
  await Promise.all(found.stopped.map(({ instance }) => seeStopped(app, caller, instance.id)))
  return { project, operator: caller.operator, key, ...found }
}

/** So that nobody is told what an earlier start saw: that it can be reached. */
async function seeStopped({ services }: App, caller: Caller, instance: string): Promise<void> {
  await services.instances.check(caller, instance, AbortSignal.timeout(CHECK_MS)).catch(() => undefined)
}

/** Nothing listens there, which is known at once; no start waits for whatever does. */
const CHECK_MS = 1000

async function connections(
  app: App,
  caller: Caller,
  project: Project,
  folder: string,
  products: readonly Product[],
): Promise<Pick<Registered, 'servers' | 'stopped' | 'others'>> {
  const { servers: memories } = recall(folder)!
  const list = () => everything(page => app.services.connections.list(caller, project.id, page))
  const before = await list()
  const unknown = products.filter(({ name }) => !before.some(isOf(memories[name])))
  for (const product of unknown) await connect(app, caller, project, product, memories[product.name]!)
  const found = unknown.length > 0 ? await list() : before
  const servers = products.map(product => ({ ...found.find(isOf(memories[product.name]))!, product }))
  const own = found.filter(one => PRODUCT_NAMES.some(name => isOf(memories[name])(one)))
  const stopped = own.filter(one => !servers.some(({ connection }) => connection.id === one.connection.id))
  return { servers, stopped, others: found.filter(one => !own.includes(one)) }
}

const isOf =
  (memory: ServerMemory | undefined) =>
  ({ connection }: ConnectionShown) =>
    connection.host === '127.0.0.1' && connection.port === memory?.port

function keep(folder: string, key: DemoKey): DemoKey {
  remember(folder, { key })
  return key
}

/** The one of earlier starts; a new one if it was revoked, or lost in a start that was killed half-way. */
async function keyFor(app: App, caller: Caller, project: Project, folder: string): Promise<DemoKey> {
  const kept = recall(folder)?.key
  const known = kept && (await app.store.read.keys.find(kept.id))
  if (kept && known && known.revokedAt === undefined) return kept
  const wanted = { role: 'owner', description: 'key of the demo' } as const
  const { key, privateKey } = await app.services.keys.create(caller, project.id, wanted)
  return keep(folder, { id: key.id, public: key.publicKey, private: privateKey.reveal() })
}

async function connect(
  app: App,
  caller: Caller,
  project: Project,
  { connection }: Product,
  { port, password }: ServerMemory,
): Promise<void> {
  await app.services.connections.create(caller, project.id, {
    ...connection,
    instanceName: connection.name,
    host: '127.0.0.1',
    port,
    username: MANAGING_LOGIN,
    password: new Secret(password),
  })
}
