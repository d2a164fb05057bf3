import { copyFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { aDatabase } from '../store/keeping/databases.ts'
import { rowsInFile, rowsInPostgresql } from '../store/keeping/rows.ts'
import { aFolder, rolecall } from './rolecall.ts'
import { aPlace, command, connect, envOf, json, serve, testOf, writing } from './served-store.ts'

// Real processes, many in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 120_000 })

const projectsIn = (rows: Readonly<Record<string, readonly string[]>>) =>
  rows.projects!.map(row => /\["name","(p\d+)"\]/.exec(row)?.[1]).filter(name => name !== undefined)

describe.each([['SQLite'], ['PostgreSQL']])('a store on %s', kind => {
  test('is backed up while a server writes to it, and the backup, restored to either kind, is a Rolecall that works', async () => {
    const where = await aPlace(kind)
    const server = await serve(where)
    const connection = await connect(server)
    const writer = writing(server)
    const backups: { file: string; before: number }[] = []
    for (const name of ['one', 'two', 'three']) {
      await vi.waitFor(() => expect(writer.acknowledged.length).toBeGreaterThan(20 * (backups.length + 1)), 30_000)
      const file = join(where.data, `${name}.backup`)
      const before = writer.acknowledged.length
      const told = await json(where, 'backup', file)
      backups.push({ file, before })
      expect(statSync(file).mode & 0o777).toBe(0o600)
      expect(told).toMatchObject({ file, bytes: statSync(file).size, masterKeys: [expect.stringMatching(/^\w{8}$/)] })
    }
    const acknowledged = await writer.stop()
    for (const { file, before } of backups) {
      const there = projectsIn(rowsInFile(file))
      expect(there).toHaveLength(new Set(there).size)
      // Whole as of one moment: everything from before it, and of what came later the first ones, without a gap.
      expect(there.length).toBeGreaterThanOrEqual(before)
      expect(there.toSorted()).toEqual(acknowledged.concat(`p${acknowledged.length}`).slice(0, there.length).toSorted())
      expect(new Sqlite(file, { readonly: true }).pragma('foreign_key_check')).toEqual([])
    }
    await server.stop()
    const backup = backups.at(-1)!.file
    for (const to of [{ data: aFolder() }, { data: aFolder(), store: await aDatabase() }]) {
      const flags = to.store ? ['--store', to.store] : []
      expect((await command(to, 'restore', backup, ...flags)).code).toBe(0)
      const rows = to.store ? await rowsInPostgresql(to.store) : rowsInFile(join(to.data, 'rolecall.db'))
      expect(rows).toEqual(rowsInFile(backup))
      const { code, err } = await rolecall(['serve', '--port', '0', '--data', to.data], { env: envOf(to) }).ended()
      expect([code, err]).toEqual([EXIT.masterKeyMissing, expect.stringContaining('master-key reset')])
      copyFileSync(join(where.data, 'master.key'), join(to.data, 'master.key'))
      const again = await serve(to, server.key)
      expect(await testOf(again, connection)).toBe('SUCCESS')
      await again.stop()
    }
  })
})

test('a store is copied to PostgreSQL and back by the command, with its counts; the address is read from a variable', async () => {
  const [from, url, to] = [aFolder(), await aDatabase(), aFolder()]
  const server = await serve({ data: from })
  const writer = writing(server)
  const over = rolecall(['store', 'copy', '--from', from, '--to', 'env:NEW_STORE', '--json'], {
    env: { NEW_STORE: url },
  })
  const { code, out } = await over.ended()
  expect([code, JSON.parse(out)]).toEqual([0, expect.objectContaining({ sourceInUse: true })])
  await writer.stop()
  await server.stop()
  const rows = await rowsInPostgresql(url)
  expect(JSON.parse(out).tables).toEqual(
    Object.fromEntries(Object.entries(rows).map(([name, all]) => [name, all.length])),
  )
  const back = await rolecall(['store', 'copy', '--from', url, '--to', to]).ended()
  expect([back.code, back.out]).toEqual([
    0,
    expect.stringMatching(/\d+ {2}projects\n[\s\S]*now holds \d+ rows of \d+ tables/),
  ])
  expect(rowsInFile(join(to, 'rolecall.db'))).toEqual(rows)
  const again = await rolecall(['store', 'copy', '--from', url, '--to', to]).ended()
  expect([again.code, again.err]).toEqual([EXIT.refused, expect.stringContaining('There is a store in')])
})
