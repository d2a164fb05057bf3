import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll } from 'vitest'
import { SHARED_HOME } from '../../src/cli/demo/running/home.ts'
import { endsWithUs } from '../support/ends-with-us.ts'
import { endAllIn } from '../support/working-in.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What users run, with compiled code kept beside it as theirs is. */
const COMMAND = 'dist/cli/main.js'
const KEPT = { NODE_COMPILE_CACHE: join(ROOT, 'dist', '.compiled') }

// Made anew where src/ has changed since, as `rolecall` itself does.
const build = JSON.stringify(join(ROOT, 'bin', 'ground', 'build.js'))
execFileSync(process.execPath, [
  '--input-type=module',
  '--eval',
  `import { buildIfNeeded } from ${build}; await buildIfNeeded()`,
])

export interface Run {
  readonly child: ChildProcess
  readonly output: { out: string; err: string }
  /** Resolves when standard output shows it; rejects with everything said when the process ends first. */
  until(pattern: RegExp): Promise<RegExpExecArray>
  /** Exit code (or signal) and words, when it has ended. */
  ended(): Promise<{ code: number | string; out: string; err: string }>
}

export interface Where {
  readonly env?: Readonly<Record<string, string>>
  readonly node?: readonly string[]
  /** The command itself, or another script of ours. */
  readonly script?: string
}

/** Runs the real command as a process of its own; kills it after the tests of the file if it still runs. */
export function rolecall(args: readonly string[], { env = {}, node = [], script = COMMAND }: Where = {}): Run {
  const child = spawn(process.execPath, [...node, join(ROOT, script), ...args], {
    cwd: aFolder(),
    env: { ...withoutOurs(process.env), ...KEPT, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(child)
  // A demo that is told to stop stops its database servers.
  endsWithUs(child, 'TERM')
  const output = { out: '', err: '' }
  child.stdout.on('data', text => (output.out += text))
  child.stderr.on('data', text => (output.err += text))
  const closed = once(child, 'close')
  async function ended() {
    await closed
    return { code: child.exitCode ?? child.signalCode ?? '', ...output }
  }
  async function until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(output.out)
      if (found) return found
      if (child.exitCode !== null || child.signalCode) throw new Error(`ended: ${JSON.stringify(await ended())}`)
      await sleep(20)
    }
  }
  return { child, output, until, ended }
}

const started: ChildProcess[] = []
const folders: string[] = []
afterAll(() => {
  for (const child of started) if (child.exitCode === null) child.kill('SIGKILL')
  for (const place of folders.flatMap(folder => [folder, ...homesOf(folder)])) {
    // A demo that was killed, or not stopped because its test failed, leaves its database servers.
    endAllIn(place)
    rmSync(place, { recursive: true, force: true, maxRetries: 5 })
  }
})

/** Where a demo of root's has its servers when their account can't get into the folder. */
function homesOf(folder: string): readonly string[] {
  if (!existsSync(SHARED_HOME)) return []
  const isIts = (home: string) => {
    const owner = join(home, 'belongs-to')
    return existsSync(owner) && readFileSync(owner, 'utf8') === folder
  }
  return readdirSync(SHARED_HOME)
    .map(name => join(SHARED_HOME, name))
    .filter(isIts)
}

export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-cli-'))
  folders.push(folder)
  return folder
}

function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('ROLECALL_')))
}

/** A server that holds a port. */
export async function aTakenPort(): Promise<{ port: number } & AsyncDisposable> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  return { port, [Symbol.asyncDispose]: async () => void server.close() }
}
