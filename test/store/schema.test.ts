import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openSqlite } from '../../src/store/databases/sqlite.ts'
import { type MigrationOptions, migrate } from '../../src/store/migrate.ts'
import { first } from '../../src/store/migrations/0001-first.ts'
import { MIGRATIONS } from '../../src/store/migrations/all.ts'
import { type Migration, SQLITE_COLUMNS } from '../../src/store/migrations/columns.ts'
import { openStore } from '../../src/store/open.ts'
import { aProject } from './builders.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rolecall-schema-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (serve = true) => openStore({ folder, masterKey: { folder, env: {} }, serve })

const newest = MIGRATIONS.at(-1)!

/** As a release after this one would bring it. */
const next: Migration = {
  version: newest.version + 1,
  since: '9.9.0',
  up: make =>
    make.table('inventions', { id: 'text', projectId: 'text' }, t =>
      t.addPrimaryKeyConstraint('inventions_key', ['id']),
    ),
}

/** As a release with these migrations would do it. */
async function migrateTo(migrations: readonly Migration[], own: Partial<MigrationOptions> = {}) {
  const { writer } = openSqlite(folder, join(folder, 'rolecall.db'))
  const options = { columns: SQLITE_COLUMNS, rowLocks: false, beforeChange: () => {}, migrations, ...own }
  try {
    return await writer.transaction().execute(db => migrate(db, options))
  } finally {
    await writer.destroy()
  }
}

function tables(): unknown[] {
  const file = new Sqlite(join(folder, 'rolecall.db'))
  const names = file.prepare("select name from sqlite_schema where type = 'table' order by name").pluck().all()
  file.close()
  return names
}

describe('the schema', () => {
  it('is numbered without gaps', () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, at) => at + 1))
  })

  it('of an older release is brought to this one, and its rows stay', async () => {
    const store = await open()
    const project = aProject()
    await store.transaction(tables => tables.projects.add(project))
    await store.close()
    const before = await migrateTo(MIGRATIONS)
    const after = await migrateTo([...MIGRATIONS, next])
    expect(after).toEqual({ ...before, schemaVersion: next.version, release: '9.9.0' })
    expect(tables()).toContain('inventions')
    const file = new Sqlite(join(folder, 'rolecall.db'))
    expect(file.prepare('select name from projects').pluck().all()).toEqual([project.name])
    file.close()
  })

  it('of the first release is brought to this one: its connections stay visible to every member', async () => {
    await migrateTo([first])
    const file = new Sqlite(join(folder, 'rolecall.db'))
    // Only what the migration reads matters; the rest is whatever a column takes.
    const fill = (table: string, own: Record<string, unknown>) => {
      const columns = file.pragma(`table_info(${table})`) as { name: string; type: string; notnull: number }[]
      const needed = columns.filter(({ name, notnull }) => notnull || name in own)
      const values = needed.map(({ name, type }) => own[name] ?? (type === 'INTEGER' ? 0 : '{}'))
      const marks = values.map(() => '?').join()
      file.prepare(`insert into ${table} (${needed.map(({ name }) => name)}) values (${marks})`).run(...values)
    }
    fill('projects', { id: 'p' })
    fill('instances', { id: 'i', project_id: 'p' })
    fill('connections', { id: 'c', project_id: 'p', instance_id: 'i', created_at: 7 })
    file.close()
    const store = await open()
    const [grant] = await store.read.access.list({ kind: 'connection', id: 'c' })
    expect(grant).toMatchObject({ subject: { kind: 'organisation', id: 'p' }, access: 'user', since: 7 })
    await store.close()
  })

  it('of a later release is refused in words that name it', async () => {
    await (await open()).close()
    await migrateTo([...MIGRATIONS, next])
    const refusal = await open().catch(error => error)
    expect(refusal).toMatchObject({ name: 'StoreProblem', kind: 'newer-schema' })
    expect(refusal.message).toContain('Start Rolecall 9.9.0 or later')
  })

  it('is all there or not at all when a migration fails', async () => {
    await (await open()).close()
    const before = tables()
    const failing: Migration = {
      ...next,
      async up(make) {
        await next.up(make)
        throw new Error('the power went')
      },
    }
    await expect(migrateTo([...MIGRATIONS, failing])).rejects.toThrow('the power went')
    expect(tables()).toEqual(before)
    await (await open()).close()
  })

  it('is not changed by the command line under the feet of a server', async () => {
    const server = await open()
    const refuse = () => {
      throw new Error('served')
    }
    await expect(migrateTo([...MIGRATIONS, next], { beforeChange: refuse })).rejects.toThrow('served')
    await migrateTo(MIGRATIONS, { beforeChange: refuse })
    await (await open(false)).close()
    await server.close()
  })

  it('is made once, however many begin at once', async () => {
    const stores = await Promise.all(Array.from({ length: 6 }, () => open(false)))
    expect(new Set(stores.map(store => store.installation)).size).toBe(1)
    for (const store of stores) await store.close()
  })
})
