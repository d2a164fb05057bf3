import { existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { lockFolder, refuseWhileServed, unwritable } from '../folder.ts'
import { StoreProblem } from '../problem.ts'
import { ownLike } from '../sealing/key-file.ts'
import type { Filling } from './fill.ts'
import { writeNewFile } from './new-file.ts'

/** Fills the folder's store, which nobody may serve from meanwhile; answers where the one from before is now. */
export async function fillFolder(
  folder: string,
  work: (filling: Filling) => Promise<void>,
  force: boolean,
): Promise<string | undefined> {
  makeFolder(folder)
  const lock = lockFolder(folder)
  try {
    const path = join(folder, 'rolecall.db')
    const earlier = isFilled(path)
    if (earlier && !force) throw filled(folder)
    const kept = earlier ? `${path}.replaced-${stamp()}` : undefined
    await writeNewFile(path, work, (from, to) => replace(from, to, kept))
    return kept
  } finally {
    lock.release()
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw unwritable(folder, error)
  }
}

const isFilled = (path: string): boolean => existsSync(path) && statSync(path).size > 0

/** The name holds a whole database at every moment: the earlier one, then the new one. */
function replace(from: string, to: string, kept: string | undefined): void {
  if (kept !== undefined) {
    emptyLog(to, kept)
    linkSync(to, kept)
  }
  // What is left of an earlier log belongs to another database, and would be played into this one.
  for (const end of ['-wal', '-shm']) rmSync(`${to}${end}`, { force: true })
  ownLike(from, dirname(to))
  renameSync(from, to)
}

/** What the log of the earlier database still holds goes into it; a database that can't be opened keeps its log beside it. */
function emptyLog(path: string, kept: string): void {
  try {
    const file = new Sqlite(path)
    file.pragma('wal_checkpoint(truncate)')
    file.close()
  } catch {
    for (const end of ['-wal', '-shm']) if (existsSync(`${path}${end}`)) renameSync(`${path}${end}`, `${kept}${end}`)
  }
}

/** `20261105T101112`: sorts, and suits every file system. */
function stamp(): string {
  return new Date().toISOString().replaceAll(/[-:]|\..*/g, '')
}

/** Does a server run on the folder. */
export function isServed(folder: string): boolean {
  try {
    refuseWhileServed(folder)
    return false
  } catch (error) {
    if (error instanceof StoreProblem && error.kind === 'folder-in-use') return true
    throw error
  }
}

function filled(folder: string): StoreProblem {
  const advice = 'name an empty folder, or use --force, which keeps the earlier one beside it'
  return new StoreProblem('refused', `There is a store in ${folder} already: ${advice}`)
}
