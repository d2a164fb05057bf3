import { existsSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { codeOf } from '../faults.ts'
import { StoreProblem } from '../problem.ts'
import { SQLITE_CATALOGUE } from './catalogue.ts'
import type { StorePlace } from './place.ts'
import { BATCH, masterKeysOf, type Row, type Snapshot } from './snapshot.ts'

type FilePlace = Exclude<StorePlace, { readonly url: string }>

/** A reading transaction: with the write-ahead log it keeps nobody from writing, and sees nothing of it. */
export async function withSqliteSnapshot<T>(place: FilePlace, work: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  const path = 'file' in place ? place.file : join(place.folder, 'rolecall.db')
  if (!existsSync(path)) throw nothingThere(place)
  try {
    return await reading(path, async file => {
      if ('file' in place) checkWhole(path, file)
      return await work(snapshotOf(path, file))
    })
  } catch (error) {
    throw /^SQLITE_(NOTADB|CORRUPT)/.test(codeOf(error) ?? '') ? damaged(path, error) : error
  }
}

async function reading<T>(path: string, work: (file: Sqlite.Database) => Promise<T>): Promise<T> {
  const file = new Sqlite(path, { readonly: true, fileMustExist: true })
  try {
    file.exec('begin')
    return await work(file)
  } finally {
    file.close()
  }
}

/** Before anything is written anywhere: a backup that rotted on its disk must not replace a store. */
function checkWhole(path: string, file: Sqlite.Database): void {
  if (file.pragma('integrity_check', { simple: true }) !== 'ok') throw damaged(path, undefined)
}

function snapshotOf(path: string, file: Sqlite.Database): Snapshot {
  const names = file.prepare<[], string>(SQLITE_CATALOGUE.tables).pluck().all()
  if (!names.includes('installation') || !names.includes('data_keys')) throw noStore(path)
  const count = (table: string) => file.prepare<[], number>(`select count(*) from "${table}"`).pluck().get()!
  const known = file.prepare<[], Row>('select id, schema_version, release from installation').get()
  if (!known) throw noStore(path)
  return {
    schemaVersion: known.schema_version as number,
    release: known.release as string,
    installation: known.id as string,
    masterKeys: masterKeysOf(file.prepare<[], string>('select wrapped from data_keys').pluck().all()),
    tables: names.map(name => ({ name, rows: count(name) })),
    rows: table => batchesOf(file.prepare<[], Row>(`select * from "${table}"`).iterate()),
  }
}

async function* batchesOf(rows: Iterable<Row>): AsyncGenerator<readonly Row[]> {
  let batch: Row[] = []
  for (const row of rows) {
    if (batch.push(row) < BATCH) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

function nothingThere(place: FilePlace): StoreProblem {
  if ('file' in place) return new StoreProblem('refused', `There is no file ${place.file}: name a backup that is there`)
  return new StoreProblem('refused', `There is no Rolecall in ${place.folder}: name its folder`)
}

function noStore(path: string): StoreProblem {
  return new StoreProblem('damaged', `${path} is a database, but holds no store of Rolecall: name a backup of one`)
}

function damaged(path: string, cause: unknown): StoreProblem {
  return new StoreProblem('damaged', `${path} is not a readable database: name another backup`, cause)
}
