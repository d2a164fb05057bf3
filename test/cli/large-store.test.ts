import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { aDatabase } from '../store/keeping/databases.ts'
import { rowsInPostgresql } from '../store/keeping/rows.ts'
import { query } from '../store/postgresql-server.ts'
import { aFolder, rolecall } from './rolecall.ts'
import { command, json, serve } from './served-store.ts'

// Real processes, many in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 120_000 })

describe('a large store', () => {
  const rows = 150_000
  const large = aFolder()
  beforeAll(async () => {
    const server = await serve({ data: large })
    await server.stop()
    const file = new Sqlite(join(large, 'rolecall.db'))
    const insert = file.prepare(
      `insert into audit_lines (id, at, operator_id, address, dialect, request_id, action, subject, detail, outcome, search_text)
      values (?, ?, 'ada12345', '127.0.0.1', 'native', 'r', 'user.create', 'grace', '[]', 'done', 'grace')`,
    )
    file.transaction(() => {
      for (let at = 0; at < rows; at += 1) insert.run(`line-${at}`, at)
    })()
    file.close()
  })

  const partialsIn = (folder: string) => readdirSync(folder).filter(name => name.includes('.partial'))
  const underWay = (folder: string) =>
    vi.waitFor(() => expect(partialsIn(folder)).not.toEqual([]), { timeout: 30_000, interval: 5 })

  test.each(['SIGTERM', 'SIGKILL'] as const)(
    'whose backup or restore is ended by %s leaves no half of one',
    async signal => {
      const [files, data] = [aFolder(), aFolder()]
      const file = join(files, 'backup.db')
      const backup = rolecall(['backup', file, '--data', large])
      await underWay(files)
      backup.child.kill(signal)
      expect((await backup.ended()).code).toBe(signal === 'SIGTERM' ? 130 : signal)
      expect(existsSync(file)).toBe(false)
      if (signal === 'SIGTERM') expect(readdirSync(files)).toEqual([])
      expect((await command({ data: large }, 'backup', file)).code).toBe(0)
      const restore = rolecall(['restore', file, '--data', data])
      await underWay(data)
      restore.child.kill(signal)
      await restore.ended()
      expect(existsSync(join(data, 'rolecall.db'))).toBe(false)
      const { tables } = await json({ data }, 'restore', file)
      expect(tables.audit_lines).toBe(rows)
    },
  )

  test('that is copied to a PostgreSQL by a process that is killed leaves nothing there', async () => {
    const url = await aDatabase()
    const copy = rolecall(['store', 'copy', '--from', large, '--to', url])
    await vi.waitFor(async () => {
      const found = await query(
        url,
        "select from pg_stat_activity where application_name = 'rolecall keeping' and query ~ '^insert'",
      )
      expect(found).not.toEqual([])
    }, 30_000)
    copy.child.kill('SIGKILL')
    await copy.ended()
    await vi.waitFor(async () => expect(await rowsInPostgresql(url)).toEqual({}), 10_000)
    const again = await rolecall(['store', 'copy', '--from', large, '--to', url, '--json']).ended()
    expect(JSON.parse(again.out).tables.audit_lines).toBe(rows)
    expect(again.err).toMatch(/of 150,\d{3} rows \(audit_lines\)|^$/)
  })
})
