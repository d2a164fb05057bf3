import { readFileSync, rmSync, writeFileSync } from 'node:fs'

const LONGEST_MS = 600_000
const LOOK_AGAIN_MS = 200

/** Test files run side by side: whoever comes second waits for the first, unless that one was killed in the middle. */
export function oneAtATime(lock: string, work: () => void): void {
  const end = Date.now() + LONGEST_MS
  while (!take(lock)) {
    if (Date.now() > end) throw new Error(`${lock} is held for too long by process ${holderOf(lock)}`)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_AGAIN_MS)
  }
  try {
    work()
  } finally {
    rmSync(lock, { force: true })
  }
}

function take(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' })
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    const holder = holderOf(lock)
    // Empty for the moment between making and writing it.
    if (holder !== undefined && !lives(holder)) rmSync(lock, { force: true })
    return false
  }
}

function holderOf(lock: string): number | undefined {
  try {
    return Number(readFileSync(lock, 'utf8')) || undefined
  } catch {
    return undefined
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
