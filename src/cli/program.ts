import { Command, CommanderError } from 'commander'
import { VERSION } from '../version.ts'
import { endingOf } from './ending.ts'
import { addExamples } from './examples.ts'
import { EXIT } from './exit-codes.ts'

interface CommandModule {
  /** Gives the command its options and what it does. */
  setUp(command: Command): void
}

interface Entry {
  readonly about: string
  readonly load: () => Promise<CommandModule>
}

const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: { about: 'run the server', load: () => import('./commands/serve.ts') },
  demo: { about: 'run the server with database servers of its own to play with', load: () => import('./demo/demo.ts') },
  keys: { about: 'create, list and revoke API keys', load: () => import('./commands/keys.ts') },
  projects: { about: 'create, list, show, rename and delete projects', load: () => import('./commands/projects.ts') },
  operators: {
    about: 'add, list and disable operators, and set their roles',
    load: () => import('./commands/operators.ts'),
  },
  backup: {
    about: 'write everything that is stored into one file, also while a server runs',
    load: () => import('./commands/backup.ts'),
  },
  restore: { about: 'make a store from a backup', load: () => import('./commands/restore.ts') },
  store: { about: 'copy a store from SQLite to PostgreSQL, or back', load: () => import('./commands/store.ts') },
  'master-key': { about: 'change the key that seals what is stored', load: () => import('./commands/master-key.ts') },
}

const AFTER = `
rolecall COMMAND --help tells its options, with examples. Exit codes:
${exitCodes()}`

/** In words, several a line. */
function exitCodes(): string {
  const all = Object.entries(EXIT).map(([name, code]) => `${code} ${name.replace(/[A-Z]/g, ' $&').toLowerCase()}`)
  const lines = Array.from({ length: Math.ceil(all.length / 5) }, (_, at) => all.slice(at * 5, at * 5 + 5).join(', '))
  return `  ${lines.join(',\n  ')}.`
}

/** Runs what the command line asks for. Only the command that is named gets loaded: the others cost nothing. */
export async function run(argv: readonly string[]): Promise<void> {
  try {
    const program = await makeProgram(name => argv.includes(name))
    await program.parseAsync(argv)
  } catch (error) {
    end(error)
  }
}

/** The whole command line; of commands that are not `wanted` there is the name alone. */
export async function makeProgram(wanted: (name: string) => boolean): Promise<Command> {
  const program = new Command('rolecall').description('Every login on every database, one roll.').version(VERSION)
  program.addHelpText('after', AFTER).exitOverride().showHelpAfterError('(rolecall --help tells more)')
  for (const [name, { about, load }] of Object.entries(COMMANDS)) {
    const command = program.command(name).description(about).copyInheritedSettings(program)
    if (!wanted(name)) continue
    ;(await load()).setUp(command)
    addExamples(command)
  }
  return program
}

/** Ends at once: what failed to start may have left timers and sockets behind. */
function end(error: unknown): never {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? EXIT.fine : EXIT.usage)
  const { exit, words } = endingOf(error)
  process.stderr.write(`rolecall: ${words}\n`)
  process.exit(EXIT[exit])
}
