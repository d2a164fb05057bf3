import { randomBytes } from 'node:crypto'
import { copyFileSync, existsSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { aDatabase } from '../store/keeping/databases.ts'
import { rowsInFile, rowsInPostgresql } from '../store/keeping/rows.ts'
import { postgresqlServer } from '../support/servers.ts'
import { aFolder, type Run, rolecall } from './rolecall.ts'

// Real processes, many in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 120_000 })

interface Where {
  readonly data: string
  readonly store?: string
}

interface Served {
  readonly run: Run
  readonly url: string
  readonly key: string
  stop(): Promise<void>
}

const envOf = ({ store }: Where) => (store ? { ROLECALL_STORE: store } : undefined)

async function command(where: Where, ...args: string[]) {
  return await rolecall([...args, '--data', where.data], { env: envOf(where) }).ended()
}

async function json(where: Where, ...args: string[]) {
  const { code, out, err } = await command(where, ...args, '--json')
  if (code !== 0) throw new Error(`${code}: ${err}`)
  return JSON.parse(out)
}

/** A server on it; `key` where it is not the first start. */
async function serve(where: Where, key?: string): Promise<Served> {
  // The server that is managed here is the very one that keeps the store: it has to be named.
  const allow = where.store ? `127.0.0.0/8,${new URL(where.store).host}` : '127.0.0.0/8'
  const flags = ['--port', '0', '--network-allow', allow, '--log-level', 'error', '--data', where.data]
  const run = rolecall(['serve', ...flags], { env: envOf(where) })
  const url = (await run.until(/listens on (\S+)/))[1]!
  return {
    run,
    url,
    key: key ?? (await run.until(/ {2}(\w{40}) /))[1]!,
    async stop() {
      run.child.kill('SIGTERM')
      await run.ended()
    },
  }
}

async function ask({ url, key }: Served, method: string, path: string, body?: object) {
  const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) }
  const answer = await fetch(`${url}/rolecall/v1${path}`, { method, headers, body: body && JSON.stringify(body) })
  const text = await answer.text()
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
  return { status: answer.status, body: (text ? JSON.parse(text) : undefined) as any }
}

/** A connection whose sealed password logs in to a real server. */
async function connect(server: Served): Promise<string> {
  const { items } = (await ask(server, 'GET', '/projects')).body
  const { host, port, database, username, password } = await postgresqlServer()
  const login = { host, port, database, username, password, tls: { mode: 'disable' } }
  const made = await ask(server, 'POST', `/projects/${items[0].id}/connections`, {
    name: 'orders',
    engine: 'postgresql',
    ...login,
  })
  if (made.status !== 201) throw new Error(JSON.stringify(made))
  return made.body.id
}

async function testOf(server: Served, connection: string): Promise<string> {
  return (await ask(server, 'POST', `/connections/${connection}/test`)).body.outcome
}

/** Makes projects as fast as it can until it is told to stop; answers the names that were acknowledged. */
function writing(server: Served) {
  const acknowledged: string[] = []
  let going = true
  const work = (async () => {
    while (going) {
      const name = `p${acknowledged.length}`
      const { status } = await ask(server, 'POST', '/projects', { name })
      if (status !== 201) throw new Error(`no project: ${status}`)
      acknowledged.push(name)
    }
  })()
  const stop = async () => {
    going = false
    await work
    return acknowledged
  }
  return { acknowledged, stop }
}

const projectsIn = (rows: Readonly<Record<string, readonly string[]>>) =>
  rows.projects!.map(row => /\["name","(p\d+)"\]/.exec(row)?.[1]).filter(name => name !== undefined)

describe.each([['SQLite'], ['PostgreSQL']])('a store on %s', kind => {
  const aPlace = async (): Promise<Where> => ({
    data: aFolder(),
    store: kind === 'SQLite' ? undefined : await aDatabase(),
  })

  test('is backed up while a server writes to it, and the backup, restored to either kind, is a Rolecall that works', async () => {
    const where = await aPlace()
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

  test('gets another master key while a server runs: its keys and passwords go on, before and after a restart', async () => {
    const where = await aPlace()
    const server = await serve(where)
    const connection = await connect(server)
    const writer = writing(server)
    const backup = join(where.data, 'old.backup')
    await json(where, 'backup', backup)
    const old = readFileSync(join(where.data, 'master.key'), 'utf8')
    const rotated = await json(where, 'master-key', 'rotate')
    expect(await json(where, 'master-key', 'show')).toEqual({
      ring: rotated.ring,
      wrappedBy: [rotated.now],
      opens: true,
    })
    expect(await testOf(server, connection)).toBe('SUCCESS')
    await writer.stop()
    await server.stop()
    const again = await serve(where, server.key)
    expect(await testOf(again, connection)).toBe('SUCCESS')
    await again.stop()
    const restored = { data: aFolder() }
    await command(restored, 'restore', backup)
    copyFileSync(join(where.data, 'master.key'), join(restored.data, 'master.key'))
    const older = await serve(restored, server.key)
    expect(await testOf(older, connection)).toBe('SUCCESS')
    await older.stop()
    expect(readFileSync(join(where.data, 'master.key'), 'utf8')).toContain(old.trim())
  })

  test('whose master key is lost says so, tells what is lost, and runs again when the passwords are typed anew', async () => {
    const where = await aPlace()
    const server = await serve(where)
    const connection = await connect(server)
    rmSync(join(where.data, 'master.key'))
    const early = await command(where, 'master-key', 'reset', '--yes')
    expect([early.code, existsSync(join(where.data, 'master.key'))]).toEqual([EXIT.folderHeld, false])
    await server.stop()
    const start = await command(where, 'serve', '--port', '0')
    expect([start.code, start.err]).toEqual([EXIT.masterKeyMissing, expect.stringContaining('master-key reset')])
    expect(await json(where, 'master-key', 'reset')).toEqual({
      connections: ['orders'],
      apiKeys: 1,
      storedPasswords: 0,
      answers: 0,
      done: false,
    })
    expect((await command(where, 'serve', '--port', '0')).code).toBe(EXIT.masterKeyMissing)
    const { key } = await json(where, 'master-key', 'reset', '--yes')
    const again = await serve(where, key.private)
    expect((await ask({ ...again, key: server.key }, 'GET', '')).status).toBe(401)
    expect(await testOf(again, connection)).toBe('FAILURE')
    const { password } = await postgresqlServer()
    expect((await ask(again, 'PATCH', `/connections/${connection}`, { password })).status).toBe(200)
    expect(await testOf(again, connection)).toBe('SUCCESS')
    await again.stop()
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

describe('no message tells the address of the store, its password or a master key', () => {
  const password = 'hunter2-very-secret'
  test.each([
    `postgres://ada:${password}@127.0.0.1:1/orders`,
    `postgres://ada:${password}@no-such-host.invalid/orders`,
    `postgres://ada:${password}%zz@127.0.0.1:1/orders`,
    `postgres://ada:${password}#x@127.0.0.1:1/orders`,
    `postgres://ada:12/${password}@127.0.0.1:1/orders`,
    `postgres://ada/${password}@127.0.0.1:1/orders`,
    `postgres://127.0.0.1:1/orders?password=${password}&sslrootcert=/nowhere/${password}`,
    `mysql://ada:${password}@127.0.0.1:1/orders`,
    `ada:${password}@127.0.0.1`,
  ])('%s', async store => {
    const data = aFolder()
    const commands = [
      { args: ['keys', 'list', '--data', data], env: { ROLECALL_STORE: store } },
      { args: ['backup', join(data, 'file'), '--data', data, '--store', store] },
      { args: ['store', 'copy', '--from', store, '--to', data] },
    ]
    const { args, env } = commands[store.length % 3]!
    const { code, out, err } = await rolecall(args, { env }).ended()
    expect(code).not.toBe(0)
    expect(out + err).not.toContain(password)
    expect(err).not.toContain('    at ')
  })

  test('a master key that is none', async () => {
    const key = `${randomBytes(31).toString('base64')}!`
    const data = aFolder()
    for (const args of [
      ['serve', '--port', '0'],
      ['master-key', 'rotate'],
    ]) {
      const { code, out, err } = await rolecall([...args, '--data', data], {
        env: { ROLECALL_MASTER_KEY: key },
      }).ended()
      expect(code).not.toBe(0)
      expect(out + err).not.toContain(key)
    }
  })
})

test.each([
  [['backup'], EXIT.usage, "missing required argument 'file'"],
  [['restore', 'nowhere.backup'], EXIT.refused, 'There is no file'],
  [['store', 'copy', '--from', 'nowhere', '--to', 'elsewhere'], EXIT.refused, 'There is no Rolecall in'],
  [['store', 'copy', '--from', 'env:NOT_SET', '--to', 'elsewhere'], EXIT.usage, 'NOT_SET is not set'],
  [['master-key', 'rotate'], EXIT.refused, 'There is no Rolecall in'],
] as const)('%j is refused in words', async (args, exit, words) => {
  const { code, err } = await rolecall(args).ended()
  expect([code, err]).toEqual([exit, expect.stringContaining(words)])
})

test('a restore that may mean a folder or a PostgreSQL asks which', async () => {
  const where = { data: aFolder(), store: 'postgres://ada@127.0.0.1:1/orders' }
  const { code, err } = await command(where, 'restore', 'any.backup')
  expect([code, err]).toEqual([EXIT.usage, expect.stringContaining('unset ROLECALL_STORE')])
})
