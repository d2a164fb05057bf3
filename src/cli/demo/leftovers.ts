import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** How long a PostgreSQL may take to write everything down before it is told to leave at once. */
const PATIENCE_MS = 10_000

/**
 * Stops what a killed demo left running in this cluster's folder, and clears away its pid file. A pid alone proves nothing
 * (it may be somebody else's by now), so a process counts only if it is a postgres that works in this very folder.
 */
export async function stopLeftovers(cluster: string): Promise<void> {
  if (!existsSync('/proc/self/cwd') || !existsSync(cluster)) return
  const folder = realpathSync(cluster)
  const postmaster = firstPid(join(folder, 'postmaster.pid'))
  const found = postgresIn(folder)
  if (postmaster && found.includes(postmaster)) process.kill(postmaster, 'SIGINT')
  if (!(await isEmpty(folder))) for (const pid of postgresIn(folder)) end(pid)
  // Nobody is left who could hold it; postgres itself would be afraid of a pid that is taken by another program.
  if (await isEmpty(folder)) rmSync(join(folder, 'postmaster.pid'), { force: true })
}

function firstPid(file: string): number | undefined {
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split('\n')[0]) : undefined
}

function postgresIn(folder: string): number[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids.filter(pid => linkOf(pid, 'cwd') === folder && basename(linkOf(pid, 'exe')) === 'postgres').map(Number)
}

function linkOf(pid: string, name: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${name}`).replace(/ \(deleted\)$/, '')
  } catch {
    return '' // gone, or not ours to look at
  }
}

async function isEmpty(folder: string): Promise<boolean> {
  const until = Date.now() + PATIENCE_MS
  while (postgresIn(folder).length > 0) {
    if (Date.now() > until) return false
    await sleep(50)
  }
  return true
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it went by itself
  }
}
