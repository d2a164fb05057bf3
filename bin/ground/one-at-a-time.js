import { createHash } from 'node:crypto'
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { at } from './place.js'
import { say } from './words.js'

/** Two starts at once in one checkout must not install or build over each other: the second waits for the first. */
export async function oneAtATime(what, work) {
  const place = createHash('sha256').update(at()).digest('hex').slice(0, 16)
  const file = join(tmpdir(), `rolecall-${what}-${process.getuid?.() ?? 0}-${place}`)
  for (let waits = 1; !take(file); waits++) {
    if (waits === 20) say(`waiting for another start to ${what}…`)
    await sleep(100)
  }
  try {
    work()
  } finally {
    rmSync(file, { force: true })
  }
}

function take(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx', mode: 0o600 })
    return true
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (!isHeld(file)) rmSync(file, { force: true })
    return false
  }
}

/** Longer than any installation takes: a pid may be somebody else's by then. */
const STALE_MS = 10 * 60_000

/** False when its holder is gone: killed in the middle. */
function isHeld(file) {
  try {
    if (statSync(file).mtimeMs < Date.now() - STALE_MS) return false
    process.kill(Number(readFileSync(file, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
