import type { App } from '../../app.ts'
import type { Caller } from '../../domain/caller.ts'
import type { Operator } from '../../domain/operator.ts'
import type { Project } from '../../domain/project.ts'
import { Secret } from '../../domain/secret.ts'
import { ensureFirst } from '../../services/callers/installation.ts'
import type { ConnectionShown } from '../../services/connections/connections.ts'
import { commandCaller, everything } from '../command-caller.ts'
import { type DemoKey, type DemoMemory, recall, remember } from './folder.ts'
import { MANAGING_LOGIN } from './make-cluster.ts'

/** Everything that the tour and the line for programs tell. */
export interface Registered {
  readonly project: Project
  readonly operator: Operator
  readonly key: DemoKey
  readonly connections: readonly ConnectionShown[]
}

const FIRST = { project: 'demo', username: 'demo' }

/** Sees to it that there are a project, a key and a connection "demo", whatever an earlier start got done. */
export async function register(app: App, folder: string, memory: DemoMemory): Promise<Registered> {
  const first = await ensureFirst(app.store, FIRST)
  if (first) keep(folder, { id: first.key.id, public: first.key.publicKey, private: first.key.privateKey.reveal() })
  const caller = await commandCaller(app.store)
  const project = await app.services.projects.get(caller, caller.operator.homeProjectId ?? '')
  const key = await keyFor(app, caller, project, folder)
  const connections = await connectionsOf(app, caller, project, memory)
  return { project, operator: caller.operator, key, connections }
}

function keep(folder: string, key: DemoKey): DemoKey {
  remember(folder, { ...recall(folder)!, key })
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

async function connectionsOf(
  app: App,
  caller: Caller,
  project: Project,
  { port, password }: DemoMemory,
): Promise<readonly ConnectionShown[]> {
  const list = () => everything(page => app.services.connections.list(caller, project.id, page))
  const found = await list()
  if (found.some(({ connection }) => connection.host === '127.0.0.1' && connection.port === port)) return found
  await app.services.connections.create(caller, project.id, {
    name: 'demo',
    engine: 'postgresql',
    databaseType: 'POSTGRESQL',
    host: '127.0.0.1',
    port,
    database: 'postgres',
    username: MANAGING_LOGIN,
    password: new Secret(password),
    instanceName: 'demo',
    slug: 'demo',
  })
  return list()
}
