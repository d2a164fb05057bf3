import type { Command } from 'commander'
import { createApp } from '../../app.ts'
import type { Settings } from '../../settings/settings.ts'
import { listen } from '../listen.ts'
import { type Initial, loadSettings } from '../settings/load.ts'
import { addSettingOptions, flagsOf } from '../settings/options.ts'
import { untilStopped } from '../stop-on-signal.ts'
import { checkNotHeld, claimFolder, emptyFolder, recall, remember } from './folder.ts'
import { PRODUCT_NAMES } from './product.ts'
import { readyLine } from './ready-line.ts'
import { register } from './registration.ts'
import { parseEngines, removeServers, say, startServers } from './servers.ts'
import { tour } from './tour.ts'

/** Quiet enough for the tour to stay on the screen. */
const OWN: Initial = { data: '.rolecall', 'log.level': 'warn' }

const ENGINES =
  'database servers of its own, each of which has to start; without it a PostgreSQL, a MariaDB where one is installed, and what was fetched before'

const LEFT_OUT = 'stays listed while its server is left out; what it has is kept for a start with it'

export function setUp(command: Command): void {
  command.option('--fresh', 'begin anew: empty the folder first, if a demo made it')
  command.option('--json', 'one line of JSON on standard output once it is ready, everything else on standard error')
  command.option('--engines <list>', `${ENGINES} (${PRODUCT_NAMES.join(',')})`)
  addSettingOptions(command, OWN, name => name !== 'store').action(() =>
    untilStopped(running => demo(command, running)),
  )
}

async function demo(command: Command, running: AsyncDisposableStack): Promise<void> {
  const { fresh, json, engines } = command.opts<{ fresh?: boolean; json?: boolean; engines?: string }>()
  const demanded = parseEngines(engines)
  const settings = ownSettings(command)
  const folder = settings.data
  claimFolder(folder)
  if (fresh || !recall(folder)) await begin(folder)
  const databases = running.use(new AsyncDisposableStack())
  // The store's lock on the folder comes first: it is what keeps two demos from stopping each other's servers.
  const app = await createApp(settings)
  // Stopped before the databases, in which it may have work to finish.
  running.defer(() => app.stop())
  const products = await startServers(folder, demanded, databases)
  const registered = await register(app, folder, products)
  // Of one that could not start, why it did not has been said.
  if (demanded) for (const { connection } of registered.stopped) say(`${connection.name} ${LEFT_OUT}`)
  const url = await listen(app, settings)
  process.stdout.write(json ? `${readyLine(url, registered)}\n` : tour(url, folder, registered))
}

/** Also where there is no memory: root keeps some servers elsewhere, and one of a folder that was removed may be left. */
async function begin(folder: string): Promise<void> {
  if (recall(folder)) checkNotHeld(folder)
  await removeServers(folder)
  emptyFolder(folder)
  remember(folder, {})
}

/** All that it keeps is in its folder, and its own servers are on loopback, where no others may be reached unless they are named. */
function ownSettings(command: Command): Settings {
  const settings = loadSettings(flagsOf(command), OWN)
  const network = { ...settings.network, allow: [...settings.network.allow, '127.0.0.0/8', '::1/128'] }
  return { ...settings, network, store: undefined, masterKey: undefined }
}
