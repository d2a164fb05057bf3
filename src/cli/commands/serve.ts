import type { Command } from 'commander'
import { createApp } from '../../app.ts'
import { ensureFirst, type FirstStart } from '../../services/callers/installation.ts'
import { listen } from '../listen.ts'
import { loadSettings } from '../settings/load.ts'
import { addSettingOptions, flagsOf } from '../settings/options.ts'
import { untilStopped } from '../stop-on-signal.ts'

/** The first project and its owner, as an installation begins. */
const FIRST = { project: 'main', username: 'admin' }

export function setUp(command: Command): void {
  addSettingOptions(command).action(() => untilStopped(running => serve(command, running)))
}

async function serve(command: Command, running: AsyncDisposableStack): Promise<void> {
  const settings = loadSettings(flagsOf(command))
  const app = await createApp(settings)
  running.defer(() => app.stop())
  const url = await listen(app, settings)
  // Only now: a start that failed on a taken port must not use up the one time that the key is shown.
  const first = await ensureFirst(app.store, FIRST)
  if (first) process.stdout.write(welcome(first, settings.data))
  process.stdout.write(`Rolecall listens on ${url}\n`)
}

function welcome({ project, operator, key }: FirstStart, data: string): string {
  return `This is the first start. Project ${project.name} (${project.id}) belongs to ${operator.username} (${operator.id}).
Their API key, shown this once and stored nowhere:

  ${key.privateKey.reveal()}        (public half: ${key.publicKey})

Lost it? rolecall keys create --role owner --data ${data} makes another.
`
}
