import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { beforeAll, describe, expect, it } from 'vitest'
import { openSqlite } from '../../../src/store/databases/sqlite.ts'
import { inOrder } from '../../../src/store/keeping/catalogue.ts'
import { copyStore, isInUse } from '../../../src/store/keeping/copy.ts'
import { migrate } from '../../../src/store/migrate.ts'
import { MIGRATIONS } from '../../../src/store/migrations/all.ts'
import { SQLITE_COLUMNS } from '../../../src/store/migrations/columns.ts'
import { openStore, type StoreOptions } from '../../../src/store/open.ts'
import type { StoreProblem } from '../../../src/store/problem.ts'
import type { Store } from '../../../src/store/store.ts'
import { aMasterKey, aProject } from '../builders.ts'
import { inDatabase, query } from '../postgresql-server.ts'
import { aFullStore } from './a-full-store.ts'
import { aDatabase, aFolder } from './databases.ts'
import { type Rows, rowsInFile, rowsInPostgresql } from './rows.ts'

const masterKey = aMasterKey()
const problem = (kind: StoreProblem['kind'], words = '') =>
  expect.objectContaining({ name: 'StoreProblem', kind, message: expect.stringContaining(words) })

let full: string
let made: Awaited<ReturnType<typeof aFullStore>>
let rows: Rows
beforeAll(async () => {
  full = aFolder()
  made = await aFullStore(full, masterKey)
  rows = rowsInFile(join(full, 'rolecall.db'))
})

async function using<T>(where: Pick<StoreOptions, 'folder' | 'url'>, work: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ ...where, masterKey, serve: true })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}

/** The connection's password opens, and the key is found. */
async function checkSecrets(where: Pick<StoreOptions, 'folder' | 'url'>): Promise<void> {
  await using(where, async store => {
    const found = await store.read.connections.find(made.connection.id)
    expect(found?.credential?.kind === 'sealed' && found.credential.secret.reveal()).toBe('the managing password')
    expect((await store.read.keys.match(made.secret))?.operator).toMatchObject({ id: made.operator.id })
  })
}

describe('a store is copied to the last row of every table', () => {
  it('from SQLite to PostgreSQL, to a backup, to another PostgreSQL, and to SQLite again', async () => {
    expect(Object.entries(rows).filter(([, all]) => all.length === 0)).toEqual([])
    const [one, other] = [await aDatabase(), await aDatabase()]
    const [file, folder] = [join(aFolder(), 'backup.db'), join(aFolder(), 'data')]
    await copyStore({ folder: full }, { url: one })
    expect(await rowsInPostgresql(one)).toEqual(rows)
    await copyStore({ url: one }, { file })
    expect(rowsInFile(file)).toEqual(rows)
    await copyStore({ file }, { url: other })
    expect(await rowsInPostgresql(other)).toEqual(rows)
    const copied = await copyStore({ url: other }, { folder })
    expect(rowsInFile(join(folder, 'rolecall.db'))).toEqual(rows)
    expect(copied.tables).toEqual(Object.entries(rows).map(([name, all]) => ({ name, rows: all.length })))
    await checkSecrets({ url: one })
    await checkSecrets({ folder })
  })

  it('and tells how far it is', async () => {
    const told: number[] = []
    let total = 0
    const onProgress = (progress: { done: number; total: number }) => {
      told.push(progress.done)
      total = progress.total
    }
    await copyStore({ folder: full }, { file: join(aFolder(), 'backup.db') }, { onProgress })
    expect(told.at(-1)).toBe(total)
    expect(told).toEqual(told.toSorted((a, b) => a - b))
    expect(told.length).toBeGreaterThan(Object.keys(rows).length)
  })

  it('also one of an older release, which is left as it is; the copy has this schema', async () => {
    const [folder, url, to] = [aFolder(), await aDatabase(), aFolder()]
    await makeOldStore(folder)
    const before = rowsInFile(join(folder, 'rolecall.db'))
    await copyStore({ folder }, { url })
    await copyStore({ folder }, { folder: to })
    expect(rowsInFile(join(folder, 'rolecall.db'))).toEqual(before)
    const newest = MIGRATIONS.at(-1)!.version
    for (const copy of [await rowsInPostgresql(url), rowsInFile(join(to, 'rolecall.db'))]) {
      expect(copy.projects).toEqual(before.projects)
      expect(copy.installation?.[0]).toContain(`["schema_version","${newest}"]`)
    }
  })
})

/** As the first release left it. */
async function makeOldStore(folder: string): Promise<void> {
  const { writer } = openSqlite(folder, join(folder, 'rolecall.db'))
  const options = {
    columns: SQLITE_COLUMNS,
    rowLocks: false,
    beforeChange: () => {},
    migrations: MIGRATIONS.slice(0, 1),
  }
  await writer.transaction().execute(db => migrate(db, options))
  const { policy, ...project } = aProject()
  await writer
    .insertInto('projects')
    .values({ ...project, alias: null, policy: '{}', searchText: '' })
    .execute()
  await writer.destroy()
}

describe('a backup', () => {
  it('is one file for our eyes only, and nothing else is left beside it', async () => {
    const folder = aFolder()
    await copyStore({ folder: full }, { file: join(folder, 'backup.db') })
    expect(readdirSync(folder)).toEqual(['backup.db'])
    expect(statSync(join(folder, 'backup.db')).mode & 0o777).toBe(0o600)
  })

  it('never takes a name that is taken, unless it is forced to', async () => {
    const file = join(aFolder(), 'backup.db')
    writeFileSync(file, 'precious')
    await expect(copyStore({ folder: full }, { file })).rejects.toEqual(problem('refused', 'is there already'))
    expect(readFileSync(file, 'utf8')).toBe('precious')
    await copyStore({ folder: full }, { file }, { force: true })
    expect(rowsInFile(file)).toEqual(rows)
  })

  it('into a folder that is not there is refused in words that name it', async () => {
    const file = join(aFolder(), 'missing', 'backup.db')
    await expect(copyStore({ folder: full }, { file })).rejects.toEqual(problem('folder-unwritable', file))
  })
})

describe('what is there is not overwritten', () => {
  it('in a folder, unless forced: then the earlier store is kept beside, with all that its log held', async () => {
    const folder = aFolder()
    const project = aProject()
    await using({ folder }, store => store.transaction(tables => tables.projects.add(project)))
    const log = new Sqlite(join(folder, 'rolecall.db'))
    log.exec("update projects set name = 'only in the log'")
    const before = rowsInFile(join(folder, 'rolecall.db'))
    await expect(copyStore({ folder: full }, { folder })).rejects.toEqual(problem('refused', '--force'))
    expect(rowsInFile(join(folder, 'rolecall.db'))).toEqual(before)
    const { replaced } = await copyStore({ folder: full }, { folder }, { force: true })
    log.close()
    expect(rowsInFile(replaced!)).toEqual(before)
    expect(rowsInFile(join(folder, 'rolecall.db'))).toEqual(rows)
    await checkSecrets({ folder })
  })

  it('in a folder whose store is damaged, when forced', async () => {
    const folder = aFolder()
    writeFileSync(join(folder, 'rolecall.db'), 'not a database any more '.repeat(999))
    const { replaced } = await copyStore({ folder: full }, { folder }, { force: true })
    expect(readFileSync(replaced!, 'utf8')).toContain('not a database any more')
    await checkSecrets({ folder })
  })

  it('in a PostgreSQL, unless forced', async () => {
    const url = await aDatabase()
    await using({ url }, store => store.transaction(tables => tables.projects.add(aProject())))
    const before = await rowsInPostgresql(url)
    await expect(copyStore({ folder: full }, { url })).rejects.toEqual(problem('refused', '--force'))
    expect(await rowsInPostgresql(url)).toEqual(before)
    await copyStore({ folder: full }, { url }, { force: true })
    expect(await rowsInPostgresql(url)).toEqual(rows)
  })

  it('while anybody serves from it, forced or not', async () => {
    const [folder, url] = [aFolder(), await aDatabase()]
    for (const to of [{ folder }, { url }]) {
      await using(to, async () => {
        expect(await isInUse(to)).toBe(true)
        await expect(copyStore({ folder: full }, to, { force: true })).rejects.toEqual(problem('folder-in-use'))
      })
      expect(await isInUse(to)).toBe(false)
    }
  })
})

describe('a copy that fails leaves nothing', () => {
  /** A row that refers to nothing: refused when it is written, after most of the others. */
  async function aBrokenStore(): Promise<string> {
    const folder = join(aFolder(), 'data')
    await copyStore({ folder: full }, { folder })
    const file = new Sqlite(join(folder, 'rolecall.db'))
    file.pragma('foreign_keys = off')
    file.exec("update operation_steps set operation_id = 'nowhere'")
    file.close()
    return folder
  }

  it('neither a file, nor a table, nor a store', async () => {
    const folder = await aBrokenStore()
    const [files, url, empty] = [aFolder(), await aDatabase(), aFolder()]
    for (const to of [{ file: join(files, 'backup.db') }, { url }, { folder: empty }]) {
      await expect(copyStore({ folder }, to)).rejects.toThrow()
    }
    expect(readdirSync(files)).toEqual([])
    expect(await rowsInPostgresql(url)).toEqual({})
    expect(existsSync(join(empty, 'rolecall.db'))).toBe(false)
  })

  it('and with --force leaves the earlier store as it was', async () => {
    const folder = await aBrokenStore()
    const url = await aDatabase()
    await copyStore({ folder: full }, { url })
    await expect(copyStore({ folder }, { url }, { force: true })).rejects.toThrow()
    expect(await rowsInPostgresql(url)).toEqual(rows)
  })
})

function makeOtherDatabase(path: string): void {
  const file = new Sqlite(path)
  file.exec('create table t (a)')
  file.close()
}

describe('what can not be copied is refused in words', () => {
  it.each([
    ['nothing at all', () => {}, 'refused', 'There is no'],
    ['no database', (file: string) => writeFileSync(file, 'words '.repeat(5_000)), 'damaged', 'not a readable'],
    ['another database', makeOtherDatabase, 'damaged', 'no store'],
  ] as const)('%s', async (_, make, kind, words) => {
    const file = join(aFolder(), 'backup.db')
    make(file)
    const to = join(aFolder(), 'data')
    await expect(copyStore({ file }, { folder: to })).rejects.toEqual(problem(kind, words))
    expect(existsSync(to)).toBe(false)
  })

  it('a backup that rotted on its disk', async () => {
    const file = join(aFolder(), 'backup.db')
    await copyStore({ folder: full }, { file })
    const bytes = readFileSync(file)
    bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 5_000)
    writeFileSync(file, bytes)
    await expect(copyStore({ file }, { folder: aFolder() })).rejects.toEqual(problem('damaged', 'another backup'))
  })

  it('a backup of a later release', async () => {
    const file = join(aFolder(), 'backup.db')
    await copyStore({ folder: full }, { file })
    const later = new Sqlite(file)
    later.exec("update installation set schema_version = 99, release = '9.9.0'")
    later.close()
    await expect(copyStore({ file }, { folder: aFolder() })).rejects.toEqual(problem('newer-schema', 'Rolecall 9.9.0'))
  })

  it('a store with a table that is not ours: its rows would be lost without a word', async () => {
    const url = await aDatabase()
    await copyStore({ folder: full }, { url })
    await query(url, 'create table rolecall.notes (text text)')
    const refused = copyStore({ url }, { file: join(aFolder(), 'backup.db') })
    await expect(refused).rejects.toEqual(problem('refused', 'notes'))
  })

  it('a PostgreSQL without a store, or without an answer; never with its password', async () => {
    const url = await aDatabase()
    const nowhere = inDatabase(url, 'nowhere')
    const file = join(aFolder(), 'backup.db')
    await expect(copyStore({ url }, { file })).rejects.toEqual(problem('refused', 'no Rolecall in that PostgreSQL'))
    await expect(copyStore({ url: nowhere }, { file })).rejects.toEqual(problem('unreachable'))
  })
})

it('tables that refer to one another in a circle are named', () => {
  const circle = [
    { from: 'a', to: 'b' },
    { from: 'b', to: 'a' },
  ]
  expect(() => inOrder(['a', 'b', 'c'], circle)).toThrow('circle: a, b')
  expect(inOrder(['a', 'b', 'c'], [{ from: 'a', to: 'c' }])).toEqual(['b', 'c', 'a'])
})
