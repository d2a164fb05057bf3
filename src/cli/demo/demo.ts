import type { Command } from 'commander'
import { createApp } from '../../app.ts'
import { newSecret } from '../../domain/secret.ts'
import type { Settings } from '../../settings.ts'
import { listen } from '../listen.ts'
import { addSettingOptions, flagsOf } from '../setting-options.ts'
import { type Initial, loadSettings } from '../settings.ts'
import { untilStopped } from '../stop-on-signal.ts'
import { removeCluster, startCluster } from './cluster.ts'
import { checkNotHeld, claimFolder, type DemoMemory, emptyFolder, recall, remember } from './folder.ts'
import { choosePort } from './ports.ts'
import { readyLine } from './ready-line.ts'
import { register } from './registration.ts'
import { addSamples } from './samples.ts'
import { tour } from './tour.ts'

/** Quiet enough for the tour to stay on the screen. */
const OWN: Initial = { data: '.rolecall', 'log.level': 'warn' }

export function setUp(command: Command): void {
  command.option('--fresh', 'begin anew: empty the folder first, if a demo made it')
  command.option('--json', 'one line of JSON on standard output once it is ready, everything else on standard error')
  addSettingOptions(command, OWN, name => name !== 'store').action(() =>
    untilStopped(running => demo(command, running)),
  )
}

async function demo(command: Command, running: AsyncDisposableStack): Promise<void> {
  const { fresh, json } = command.opts<{ fresh?: boolean; json?: boolean }>()
  const settings = ownSettings(command)
  const folder = settings.data
  claimFolder(folder)
  const memory = (!fresh && recall(folder)) || (await begin(folder))
  const database = running.use(new AsyncDisposableStack())
  // The store's lock on the folder comes first: it is what keeps two demos from stopping each other's PostgreSQL.
  const app = await createApp(settings)
  // Stopped before the database, in which it may have work to finish.
  running.defer(() => app.stop())
  await startDatabase(folder, memory, database)
  const registered = await register(app, folder, memory)
  const url = await listen(app, settings)
  process.stdout.write(json ? `${readyLine(url, registered)}\n` : tour(url, folder, registered))
}

/** Also where there is no memory: root keeps some clusters elsewhere, and one of a folder that was removed may be left. */
async function begin(folder: string): Promise<DemoMemory> {
  if (recall(folder)) checkNotHeld(folder)
  await removeCluster(folder)
  emptyFolder(folder)
  return remember(folder, { port: await choosePort(), password: newSecret().reveal() })
}

async function startDatabase(folder: string, memory: DemoMemory, database: AsyncDisposableStack): Promise<void> {
  say("starting the demo's PostgreSQL…")
  await startCluster(folder, memory, database)
  if (memory.hasSamples) return
  await addSamples(memory.port, memory.password)
  remember(folder, { ...memory, hasSamples: true })
}

/** All that it keeps is in its folder, and its own PostgreSQL is on loopback, where no others may be reached unless they are named. */
function ownSettings(command: Command): Settings {
  const settings = loadSettings(flagsOf(command), OWN)
  const network = { ...settings.network, allow: [...settings.network.allow, '127.0.0.0/8', '::1/128'] }
  return { ...settings, network, store: undefined, masterKey: undefined }
}

function say(words: string): void {
  process.stderr.write(`rolecall: ${words}\n`)
}
