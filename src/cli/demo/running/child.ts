import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Account } from './account.ts'

/** Longer than making a server's first data takes on a slow disk. */
const DONE_WITHIN_MS = 120_000

/** What these programs get to know of our environment. */
const env = { LC_ALL: 'C', PATH: process.env.PATH }

interface Where {
  readonly account: Account
  readonly cwd: string
  readonly log: string
}

/** Starts a server that writes its words into a file. */
export function startServing(program: string, flags: readonly string[], { account, cwd, log }: Where): ChildProcess {
  const file = openSync(log, 'w', 0o600)
  // A group of its own: Ctrl-C is for Rolecall, which finishes its work before it stops its database.
  const child = spawn(program, flags, { ...account, cwd, env, stdio: ['ignore', file, file], detached: true })
  closeSync(file)
  // One that can't be started at all never runs; whoever waits for it finds out.
  child.on('error', () => undefined)
  return child
}

export function isRunning({ pid, exitCode, signalCode }: ChildProcess): boolean {
  return pid !== undefined && exitCode === null && signalCode === null
}

/** Asks it to leave; makes it leave when that takes longer than `patienceMs`. */
export async function stop(
  child: ChildProcess,
  { signal, endSignal, patienceMs }: Record<'signal' | 'endSignal', NodeJS.Signals> & { readonly patienceMs: number },
): Promise<void> {
  if (!isRunning(child)) return
  const gone = once(child, 'exit')
  child.kill(signal)
  const late = setTimeout(() => child.kill(endSignal), patienceMs)
  await gone
  clearTimeout(late)
}

interface Ended {
  readonly isFine: boolean
  /** What it had to say. */
  readonly words: string
}

interface Running {
  readonly running?: AsyncDisposableStack
  readonly withinMs?: number
  /** What else it gets to know of our environment. */
  readonly more?: Readonly<Record<string, string | undefined>>
}

/** Runs a program to its end, with whatever it starts; ends all of it when that takes too long, or when `running` stops. */
export async function runToEnd(
  program: string,
  flags: readonly string[],
  account: Account,
  { running, withinMs = DONE_WITHIN_MS, more = {} }: Running = {},
): Promise<Ended> {
  const how = { ...account, cwd: '/', env: { ...env, ...more }, detached: true }
  const child = spawn(program, flags, { ...how, stdio: ['ignore', 'pipe', 'pipe'] })
  let words = ''
  child.stdout.on('data', text => (words += text))
  child.stderr.on('data', text => (words += text))
  running?.defer(() => endGroup(child))
  const late = setTimeout(() => endGroup(child), withinMs)
  try {
    const [code] = await once(child, 'close')
    return { isFine: code === 0, words: words.trim() || (child.signalCode ? 'it took too long' : '') }
  } catch (error) {
    return { isFine: false, words: (error as Error).message }
  } finally {
    clearTimeout(late)
  }
}

function endGroup(child: ChildProcess): void {
  if (!isRunning(child)) return
  try {
    process.kill(-child.pid!, 'SIGKILL')
  } catch {
    // it went by itself
  }
}
