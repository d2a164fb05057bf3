import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection } from 'mysql2/promise'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { mariadbPrograms } from '../support/mariadb/programs.ts'
import { mysqlServers } from '../support/servers.ts'
import { aPassableFolder, call, demo, mariadbIn, postgresIn, type Ready, serversIn, stop, told } from './demos.ts'
import { aFolder, rolecall } from './rolecall.ts'

// Real processes, a few in each test, on machines that are busy with other tests.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 })

const BOTH = ['--engines', 'postgresql,mariadb']

const mariadbOf = ({ instances }: Ready) => instances.find(({ variant }) => variant === 'mariadb')!

const passwordOf = (folder: string): string =>
  JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')).servers.mariadb.password

/** How each server does, as clients of the Trove API are told without its being asked. */
async function statuses({ url, project, key }: Ready): Promise<Readonly<Record<string, string>>> {
  const answer = await fetch(`${url}/v1.0/${project.id}/instances`, { headers: { 'x-auth-token': key.private } })
  const { instances } = (await answer.json()) as { instances: { name: string; status: string }[] }
  return Object.fromEntries(instances.map(({ name, status }) => [name, status]))
}

/** Answers rows as the login sees them. */
async function ask(port: number, [user, password, database]: readonly string[], sql: string) {
  const client = await createConnection({ host: '127.0.0.1', port, user, password, database })
  try {
    return (await client.query(sql))[0]
  } finally {
    await client.end()
  }
}

function withMariadb(): void {
  beforeAll(() => {
    const { server, install } = mariadbPrograms()
    // They are installed, and found where PATH shows them; one that shows some of a machine's programs alone may not.
    vi.stubEnv('PATH', [dirname(server), dirname(install), process.env.PATH].join(delimiter))
  })

  test('npm start is ready with both, keeps them, and Ctrl-C stops everything', async () => {
    const folder = aPassableFolder()
    const launcher = { script: 'bin/start.js' }
    const first = await demo(folder, [], launcher)
    expect(first.ready.instances).toEqual([
      expect.objectContaining({ slug: 'demo', engine: 'postgresql' }),
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        slug: 'demo-mariadb',
        engine: 'mysql',
        variant: 'mariadb',
        host: '127.0.0.1',
        port: expect.any(Number),
        connection: expect.any(String),
      },
    ])
    expect(JSON.stringify(first.ready)).toContain('"engine":"mysql","variant":"mariadb"')
    expect(first.ready.instances[0]).not.toHaveProperty('variant')
    const { code, out } = await stop(first.run)
    expect(code).toBe(0)
    expect(out.trim().split('\n')).toHaveLength(1)
    expect([...postgresIn(folder), ...mariadbIn(folder)]).toEqual([])
    const second = await demo(folder, [], launcher)
    expect({ ...second.ready, url: '' }).toEqual({ ...first.ready, url: '' })
    expect((await stop(second.run, 'SIGTERM')).code).toBe(0)
    expect([...postgresIn(folder), ...mariadbIn(folder)]).toEqual([])
  })

  test('it shows logins that were there before, and lets one that Rolecall has just made log in', async () => {
    const { run, ready } = await demo(aPassableFolder(), BOTH)
    const { id, port } = mariadbOf(ready)
    const found = (await (await call(ready, `/instances/${id}/users`)).json()) as { items: Record<string, string>[] }
    expect(found.items.map(({ name, host }) => `${name}@${host}`)).toEqual(
      ['billing_app', 'orders_app', 'reporting', 'rolecall'].map(name => `${name}@%`),
    )
    const grants = [{ role: 'read', database: 'orders' }]
    const made = await call(ready, `/instances/${id}/users`, { name: 'ada', grants })
    expect(made.status).toBe(201)
    const { password } = (await made.json()) as { password: string }
    const total = 'select count(*) as n, cast(sum(total) as char) as total from orders'
    expect(await ask(port, ['ada', password, 'orders'], total)).toEqual([{ n: 3, total: '144.90' }])
    await stop(run)
  })

  test('it is closed to everybody else: a password that nobody sees, an account that owns nothing, loopback alone', async () => {
    const folder = aPassableFolder()
    const { run, ready } = await demo(folder, BOTH)
    const password = passwordOf(folder)
    expect(password).toHaveLength(24)
    const [server] = mariadbIn(folder)
    for (const pid of [server!, run.child.pid!]) {
      for (const what of ['cmdline', 'environ']) expect(told(pid, what)).not.toContain(password)
    }
    expect(run.output.err + readFileSync(join(folder, 'mariadb.log'), 'utf8')).not.toContain(password)
    expect(/^Uid:\s+(\d+)/m.exec(told(server!, 'status'))?.[1]).not.toBe('0')
    expect(statSync(join(folder, 'mariadb')).mode & 0o777).toBe(0o700)
    expect(statSync(join(folder, 'demo.json')).mode & 0o777).toBe(0o600)
    expect(readdirSync(folder).filter(name => name.startsWith('mariadb'))).toEqual(['mariadb', 'mariadb.log'])
    const { port } = mariadbOf(ready)
    for (const user of ['root', '', 'orders_app']) {
      await expect(ask(port, [user, ''], 'select 1')).rejects.toThrow('Access denied')
    }
    expect(await ask(port, ['rolecall', password], 'select @@bind_address as at')).toEqual([{ at: '127.0.0.1' }])
    await stop(run)
  })

  test('it recovers after kill -9, whether the server was killed too or left behind', async () => {
    const folder = aPassableFolder()
    const first = await demo(folder, BOTH)
    await stop(first.run, 'SIGKILL')
    expect(mariadbIn(folder)).not.toEqual([])
    const second = await demo(folder, BOTH)
    await stop(second.run, 'SIGKILL')
    for (const pid of [...postgresIn(folder), ...mariadbIn(folder)]) process.kill(pid, 'SIGKILL')
    const third = await demo(folder, BOTH)
    expect({ ...third.ready, url: '' }).toEqual({ ...first.ready, url: '' })
    const { id } = mariadbOf(third.ready)
    expect((await call(third.ready, `/instances/${id}/users`)).status).toBe(200)
    await stop(third.run)
    expect([...postgresIn(folder), ...mariadbIn(folder)]).toEqual([])
  })

  test('a signal, or kill -9, while its tables are made leaves nothing that the next start trips over', async () => {
    const folder = aPassableFolder()
    const draft = join(folder, 'mariadb.new')
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const run = rolecall(['demo', '--data', folder, '--port', '0', ...BOTH])
      while (serversIn(draft).length === 0 && run.child.exitCode === null) await sleep(1)
      expect((await stop(run, signal)).code).toBe(signal === 'SIGINT' ? 0 : signal)
    }
    const { run, ready } = await demo(folder, BOTH)
    expect(mariadbOf(ready)).toBeDefined()
    await stop(run)
    expect([draft, join(folder, 'mariadb')].flatMap(serversIn)).toEqual([])
  })

  test('--engines leaves either out, also where it was before, and tells of those that run alone', async () => {
    const folder = aPassableFolder()
    const both = await demo(folder, BOTH)
    const kept = 'orders_app'
    expect(await statuses(both.ready)).toEqual({ demo: 'ACTIVE', 'demo-mariadb': 'ACTIVE' })
    await stop(both.run)
    const one = await demo(folder, ['--engines', 'postgresql'])
    expect(one.ready.instances).toEqual(both.ready.instances.slice(0, 1))
    expect(mariadbIn(folder)).toEqual([])
    expect(await statuses(one.ready)).toEqual({ demo: 'ACTIVE', 'demo-mariadb': 'SHUTDOWN' })
    expect((await call(one.ready, `/instances/${mariadbOf(both.ready).id}/users`)).status).toBe(503)
    await stop(one.run)
    expect(linesAbout(one.run.output.err)).toEqual([
      'rolecall: demo-mariadb stays listed while its server is left out; what it has is kept for a start with it',
    ])
    const other = await demo(folder, ['--engines', 'mariadb'])
    expect(other.ready.instances).toEqual(both.ready.instances.slice(1))
    expect(postgresIn(folder)).toEqual([])
    expect(await statuses(other.ready)).toEqual({ demo: 'SHUTDOWN', 'demo-mariadb': 'ACTIVE' })
    expect((await call(other.ready, `/instances/${mariadbOf(both.ready).id}/users/${kept}?host=%25`)).status).toBe(200)
    await stop(other.run)
  })

  test('--fresh begins anew with both, in a folder that nobody else may enter, too', async () => {
    const folder = aFolder()
    const first = await demo(folder, BOTH)
    const before = passwordOf(folder)
    await stop(first.run, 'SIGKILL')
    const second = await demo(folder, [...BOTH, '--fresh'])
    expect(passwordOf(folder)).not.toBe(before)
    await expect(ask(mariadbOf(first.ready).port, ['rolecall', before], 'select 1')).rejects.toThrow('ECONNREFUSED')
    const { id } = mariadbOf(second.ready)
    expect((await call(second.ready, `/instances/${id}/users`)).status).toBe(200)
    await stop(second.run)
  })

  test('its tour has lines for MariaDB, that make a login and use it', async () => {
    const run = rolecall(['demo', '--data', aPassableFolder(), '--port', '0', ...BOTH])
    await run.until(/Documents: http/)
    expect(run.output.out).toMatch(/a PostgreSQL on port \d+ and a MariaDB on port \d+ of its own/)
    expect(run.output.out).toMatch(/^mariadb -h 127\.0\.0\.1 -P \d+ -u ada orders/m)
    await stop(run)
  })

  test('where its port is taken, its server no longer starts, or it is gone, one line says so, and what it had is kept', async () => {
    const folder = aPassableFolder()
    const first = await demo(folder, BOTH)
    await stop(first.run)
    const taken = createServer().listen(mariadbOf(first.ready).port, '127.0.0.1')
    await once(taken, 'listening')
    expect(await withoutMariadb(folder)).toMatch(/without MariaDB\. Port \d+.* is taken/)
    const demanded = await rolecall(['demo', '--data', folder, '--port', '0', ...BOTH]).ended()
    expect(demanded.code).toBe(EXIT.portTaken)
    taken.close()
    const real = mariadbPrograms().server
    const { PATH } = aMachineWith({
      mariadbd: `case "$*" in *--version*) exec ${real} --version;; esac; echo "no space left"; exit 1`,
    })
    expect(await withoutMariadb(folder, `${PATH}:${process.env.PATH}`)).toMatch(/did not start: \| no space left/)
    expect(await withoutMariadb(folder, '/nowhere')).toMatch(/No MariaDB is installed/)
    const last = await demo(folder, BOTH)
    expect(last.ready.instances).toEqual(first.ready.instances)
    await stop(last.run)
  })

  test('where it can make no tables it is left out, with one line that says why', async () => {
    const { PATH } = aMachineWith({
      'mariadb-install-db': 'echo "Fatal: no room"; exit 1',
    })
    const line = await withoutMariadb(aPassableFolder(), `${PATH}:${process.env.PATH}`)
    expect(line).toMatch(/without MariaDB.*could not make.*no room/)
  })
}

/** Starts a demo that nobody told to have one, and stops it; answers the one line that it says about MariaDB. */
async function withoutMariadb(folder: string, PATH = process.env.PATH!): Promise<string> {
  const { run, ready } = await demo(folder, [], { env: { PATH } })
  expect(ready.instances.map(({ engine }) => engine)).toEqual(['postgresql'])
  await stop(run)
  expect(mariadbIn(folder)).toEqual([])
  const lines = linesAbout(run.output.err)
  expect(lines).toHaveLength(1)
  return lines[0]!
}

/** A PATH of programs that are these shell scripts; what this machine really has is out of its sight. */
function aMachineWith(programs: Readonly<Record<string, string>>): { readonly PATH: string } {
  const folder = join(aPassableFolder(), 'bin')
  mkdirSync(folder)
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  }
  return { PATH: folder }
}

const linesAbout = (err: string) => err.split('\n').filter(line => /mariadb/i.test(line))

interface Machine {
  readonly title: string
  readonly programs: Readonly<Record<string, string>>
  readonly told?: RegExp
}

const MACHINES: readonly Machine[] = [
  { title: 'no MariaDB', programs: {} },
  {
    title: "MySQL's own server",
    programs: { mysqld: 'echo "mysqld  Ver 8.0.36 for Linux on x86_64 (MySQL Community Server - GPL)"' },
  },
  {
    title: 'a MariaDB that is too old',
    programs: { mysqld: 'echo "mysqld  Ver 10.3.39-MariaDB-0+deb10u2 for debian-linux-gnu on x86_64 (Debian 10)"' },
    told: /without MariaDB.*10\.3\.39.*10\.6 or newer/,
  },
  {
    title: 'a MariaDB that does not run',
    programs: { mariadbd: 'echo "error while loading shared libraries" >&2; exit 127' },
    told: /without MariaDB.*can't be run: error while loading shared libraries/,
  },
  {
    title: 'a MariaDB without the program that makes tables',
    programs: { mariadbd: 'echo "mariadbd  Ver 11.8.2-MariaDB for Linux"' },
    told: /without MariaDB.*no mariadb-install-db/,
  },
]

describe('where MariaDB is missing or of no use', () => {
  // One for all of them: its PostgreSQL is made once.
  const folder = aPassableFolder()

  test.each(MACHINES)('with $title the demo goes on without it', async ({ programs, told }) => {
    const { run, ready } = await demo(folder, [], { env: aMachineWith(programs) })
    expect(ready.instances.map(({ engine }) => engine)).toEqual(['postgresql'])
    expect(linesAbout(run.output.err)).toEqual(told ? [expect.stringMatching(told)] : [])
    await stop(run)
  })

  test.each(MACHINES)('with $title it is refused by name, with what to install', async ({ programs }) => {
    const where = { env: aMachineWith(programs) }
    const { code, err } = await rolecall(['demo', '--data', folder, '--port', '0', ...BOTH], where).ended()
    expect(code).toBe(EXIT.demoDatabase)
    expect(err).toContain('apt-get install mariadb-server')
    expect(postgresIn(folder)).toEqual([])
    expect(existsSync(join(folder, 'mariadb'))).toBe(false)
  })
})

describe('the MariaDB of the demo', () => {
  if (mysqlServers().length > 0) withMariadb()
  else test.skip('ENGINES leaves the MySQL family out')
})
