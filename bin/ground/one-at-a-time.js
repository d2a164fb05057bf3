import { createHash } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { at } from './place.js'

/** Two starts at once in one checkout must not install or build over each other: the second waits for the first. */
export async function oneAtATime(what, work) {
  const place = createHash('sha256').update(at()).digest('hex').slice(0, 16)
  const file = join(tmpdir(), `rolecall-${what}-${process.getuid?.() ?? 0}-${place}`)
  while (!take(file)) await sleep(100)
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

/** False when its holder is gone: killed in the middle. */
function isHeld(file) {
  try {
    process.kill(Number(readFileSync(file, 'utf8')), 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}
