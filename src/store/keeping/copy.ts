import { existsSync, renameSync } from 'node:fs'
import { fillFolder, isServed } from './data-folder.ts'
import { checkKnown, type Filling, fill, type OnProgress } from './fill.ts'
import { nameTaken, placeAnew, writeNewFile } from './new-file.ts'
import type { StorePlace } from './place.ts'
import type { Snapshot, TableSize } from './snapshot.ts'
import { withSqliteSnapshot } from './sqlite-snapshot.ts'

export interface CopyOptions {
  /** Replaces what is there. */
  readonly force?: boolean
  readonly onProgress?: OnProgress
}

export interface Copied extends Pick<Snapshot, 'schemaVersion' | 'installation' | 'masterKeys'> {
  /** Every table of the source, with the rows that are now in the target. */
  readonly tables: readonly TableSize[]
  /** Where the store is that was there before. */
  readonly replaced?: string
}

/**
 * Copies a store, to the last row of every table, as it is at one moment; a server may be running on it. The target is whole or not
 * there. Between them, a folder, a PostgreSQL and a backup are the three kinds of place: this is backup, restore and move in one.
 */
export async function copyStore(from: StorePlace, to: StorePlace, options: CopyOptions = {}): Promise<Copied> {
  const { force = false, onProgress = () => {} } = options
  checkFree(to, force)
  return await withSnapshot(from, async snapshot => {
    checkKnown(snapshot)
    const { schemaVersion, installation, masterKeys, tables } = snapshot
    const replaced = await fillPlace(to, filling => fill(filling, snapshot, onProgress), force)
    return { schemaVersion, installation, masterKeys, tables, replaced }
  })
}

async function withSnapshot<T>(place: StorePlace, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  if ('url' in place) {
    // Loaded here, so that a SQLite store never pays for the driver.
    const { withPostgresqlSnapshot } = await import('./postgresql-snapshot.ts')
    return await withPostgresqlSnapshot(place.url, work)
  }
  return await withSqliteSnapshot(place, work)
}

async function fillPlace(
  to: StorePlace,
  work: (filling: Filling) => Promise<void>,
  force: boolean,
): Promise<string | undefined> {
  if ('folder' in to) return await fillFolder(to.folder, work, force)
  if ('file' in to) await writeNewFile(to.file, work, force ? renameSync : placeAnew)
  else await (await import('./postgresql-target.ts')).fillPostgresql(to.url, work, force)
  return undefined
}

/** Said before the work and not only after it. */
function checkFree(to: StorePlace, force: boolean): void {
  if (force || !('file' in to) || !existsSync(to.file)) return
  throw nameTaken(to.file)
}

/** Is a server running on it now. */
export async function isInUse(place: StorePlace): Promise<boolean> {
  if ('file' in place) return false
  if ('folder' in place) return isServed(place.folder)
  const { countSessions } = await import('./postgresql-target.ts')
  const { onPostgresql } = await import('./postgresql-snapshot.ts')
  return (await onPostgresql(place.url, countSessions)) > 0
}
