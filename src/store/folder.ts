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
  const pidFile = join(folder, 'serve.pid')
  const lock = takeLock(folder, pidFile)
  writeFileSync(pidFile, `${process.pid}\n`, { mode: 0o600 })
  return {
    release() {
      rmSync(pidFile, { force: true })
      lock.close()
    },
  }
}

function takeLock(folder: string, pidFile: string): Sqlite.Database {
  const database = openLockFile(folder)
  try {
    database.pragma('locking_mode = exclusive')
    database.exec('begin exclusive')
    return database
  } catch (error) {
    database.close()
    throw codeOf(error) === 'SQLITE_BUSY' ? inUse(folder, readPid(pidFile)) : unwritable(folder, error)
  }
}

function openLockFile(folder: string): Sqlite.Database {
  try {
    return new Sqlite(join(folder, 'serve.lock'), { timeout: 0 })
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

function inUse(folder: string, by: string): StoreProblem {
  return new StoreProblem(
    'folder-in-use',
    `Another Rolecall${by} serves from ${folder}: stop it first, or give this one its own folder`,
  )
}
