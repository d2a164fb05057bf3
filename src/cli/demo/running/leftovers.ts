import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a server may take to write everything down before it is told to leave at once. */
const PATIENCE_MS = 10_000

/** How the processes of a server are known, and told to leave. */
export interface Traces {
  /** The file names of its program. */
  readonly programs: readonly string[]
  readonly stopSignal: NodeJS.Signals
  /** In its folder, where it is afraid of one that it finds. */
  readonly pidFile?: string
}

/**
 * Stops what a killed demo left running in this folder; answers whether nobody is left. A pid that is written down proves
 * nothing (it may be somebody else's by now), so a process counts only if it is such a server that works in this very folder.
 */
export async function stopLeftovers(folder: string, { programs, stopSignal }: Traces): Promise<boolean> {
  if (!existsSync('/proc/self/cwd') || !existsSync(folder)) return true
  const place = realpathSync(folder)
  const find = () => processesIn(place, programs)
  for (const pid of leadersOf(find())) tell(pid, stopSignal)
  if (await isEmpty(find)) return true
  for (const pid of find()) tell(pid, 'SIGKILL')
  return isEmpty(find)
}

function processesIn(folder: string, programs: readonly string[]): readonly number[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  const isOne = (pid: string) => linkOf(pid, 'cwd') === folder && programs.includes(basename(linkOf(pid, 'exe')))
  return pids.filter(isOne).map(Number)
}

/** Those that no other of them has started: they see to the rest. */
function leadersOf(pids: readonly number[]): readonly number[] {
  return pids.filter(pid => !pids.includes(parentOf(pid)))
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
  } catch {
    return 0 // gone
  }
}

function linkOf(pid: string, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`).replace(/ \(deleted\)$/, '')
  } catch {
    return '' // gone, or not ours to look at
  }
}

async function isEmpty(find: () => readonly number[]): Promise<boolean> {
  const until = Date.now() + PATIENCE_MS
  while (find().length > 0) {
    if (Date.now() > until) return false
    await sleep(50)
  }
  return true
}

function tell(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // it went by itself
  }
}
