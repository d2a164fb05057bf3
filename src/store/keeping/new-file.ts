import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import Sqlite from 'better-sqlite3'
import { isFault } from '../../domain/fault.ts'
import { kyselyOver, SQLITE_WORDS } from '../databases/sqlite.ts'
import { SQLITE_COLUMNS } from '../migrations/columns.ts'
import { StoreProblem } from '../problem.ts'
import { SQLITE_CATALOGUE } from './catalogue.ts'
import type { Filling } from './fill.ts'

/**
 * Writes a database beside `path` and moves it there when it is whole and on disk: nobody ever sees a part of one under that
 * name. `place` moves it.
 */
export async function writeNewFile(
  path: string,
  work: (filling: Filling) => Promise<void>,
  place: (from: string, to: string) => void,
): Promise<void> {
  const beside = `${path}.${process.pid}.partial`
  makeOurs(beside)
  using _gone = removedAtTheEnd(beside)
  await fillFile(beside, work)
  sync(beside)
  place(beside, path)
  sync(dirname(path))
}

function makeOurs(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    throw unwritableFile(path, error)
  }
}

function unwritableFile(path: string, cause: unknown): StoreProblem {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new StoreProblem('folder-unwritable', `${path} can't be written: ${reason}. Name another folder`, cause)
}

async function fillFile(path: string, work: (filling: Filling) => Promise<void>): Promise<void> {
  const file = new Sqlite(path)
  // Nobody else sees the file yet, and it is brought to disk as a whole.
  file.pragma('synchronous = off')
  file.pragma('foreign_keys = on')
  const db = kyselyOver(file)
  try {
    const filling = { words: SQLITE_WORDS, columns: SQLITE_COLUMNS, catalogue: SQLITE_CATALOGUE }
    await db.transaction().execute(trx => work({ ...filling, db: trx }))
  } catch (error) {
    throw isFault(error) ? unwritableFile(path, error.details.cause ?? error) : error
  } finally {
    await db.destroy()
  }
}

/** Also when a signal ends the process in the middle. */
function removedAtTheEnd(path: string): Disposable {
  const remove = () => {
    for (const file of [path, `${path}-journal`]) rmSync(file, { force: true })
  }
  const stop = () => {
    remove()
    process.exit(130)
  }
  for (const signal of SIGNALS) process.once(signal, stop)
  return {
    [Symbol.dispose]() {
      for (const signal of SIGNALS) process.off(signal, stop)
      remove()
    },
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function sync(path: string): void {
  const file = openSync(path, 'r')
  fsyncSync(file)
  closeSync(file)
}

/** Takes the name only if nobody has it: a link is refused where a rename would overwrite. */
export function placeAnew(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if (existsSync(to)) throw nameTaken(to)
    // Some file systems have no links.
    if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS)$/.test((error as NodeJS.ErrnoException).code ?? '')) throw error
    renameSync(from, to)
  }
}

export function nameTaken(path: string): StoreProblem {
  return new StoreProblem('refused', `${path} is there already: name another file, or use --force`)
}
