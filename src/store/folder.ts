import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { codeOf } from './faults.ts'
import { StoreProblem } from './problem.ts'

/** Makes the data folder and the database file, both for our eyes only. Answers the file's path. */
export function prepareFolder(folder: string): string {
  const path = join(folder, 'rolecall.db')
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    closeSync(openSync(path, 'a', 0o600))
  } catch (error) {
    throw unwritable(folder, error)
  }
  return path
}

export function unwritable(folder: string, cause: unknown): StoreProblem {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const advice = 'let my account write there, or name another folder (--data, ROLECALL_DATA)'
  return new StoreProblem('folder-unwritable', `The data folder ${folder} can't be used: ${reason}; ${advice}`, cause)
}

export interface FolderLock {
  release(): void
}

/**
 * Makes this process the only one that serves from the folder. The lock is the operating system's, on an open file: it goes
 * with the process however that ends, so there is nothing to clean up after a kill -9. The pid beside it is for the message only.
 */
export function lockFolder(folder: string): FolderLock {
  const lock = takeLock(
    folder,
    by => `Another Rolecall${by} serves from ${folder}: stop it first, or give this one its own folder`,
  )
  const pidFile = pidFileOf(folder)
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  return {
    release() {
      rmSync(pidFile, { force: true })
      lock.close()
    },
  }
}

/** The command line may be of a later release than the server beside it: it must not change tables under its feet. */
export function refuseWhileServed(folder: string): void {
  const refusal = (by: string) =>
    `An older Rolecall${by} serves from ${folder}: use its own command line, or stop it and start this release`
  takeLock(folder, refusal).close()
}

const pidFileOf = (folder: string): string => join(folder, 'serve.pid')

function takeLock(folder: string, refusal: (by: string) => string): Sqlite.Database {
  const database = openLockFile(folder)
  try {
    database.pragma('locking_mode = exclusive')
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database.close()
    if (codeOf(error) !== 'SQLITE_BUSY') throw unwritable(folder, error)
    throw new StoreProblem('folder-in-use', refusal(readPid(pidFileOf(folder))))
  }
}

/** Long enough for a command line that looks whether anybody serves, and short enough to refuse at once. */
const LOOKING_MS = 200

function openLockFile(folder: string): Sqlite.Database {
  try {
    return new Sqlite(join(folder, 'serve.lock'), { timeout: LOOKING_MS })
  } catch (error) {
    throw unwritable(folder, error)
  }
}

function readPid(pidFile: string): string {
  try {
    return ` (process ${readFileSync(pidFile, 'utf8').trim()})`
  } catch {
    return ''
  }
}
