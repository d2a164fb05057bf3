import { readdirSync, readlinkSync } from 'node:fs'
import { sep } from 'node:path'

/** Processes whose folder of work fits: database servers work in their data. */
export function workingIn(isTheirs: (folder: string) => boolean): readonly number[] {
  return readdirSync('/proc')
    .filter(pid => /^\d+$/.test(pid))
    .filter(pid => isTheirs(workOf(pid)))
    .map(Number)
}

/** A process that went meanwhile works nowhere. */
function workOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

/** Ends whoever works in the folder, or below it. */
export function endAllIn(folder: string): void {
  for (const pid of workingIn(place => place === folder || place.startsWith(folder + sep))) kill(pid)
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It went by itself.
  }
}
