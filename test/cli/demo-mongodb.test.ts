import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, isAbsolute, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { MongoClient } from 'mongodb'
import { beforeAll, describe, expect, test, vi } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'
import { findPython } from '../support/clients/python.ts'
import { mongodbServers } from '../support/servers.ts'
import { aPassableFolder, call, demo, mongodbIn, postgresIn, type Ready, serversIn, stop, told } from './demos.ts'
import { rolecall } from './rolecall.ts'

// Real processes, a few in each test, on machines that are busy with other tests; one of them is fetched first.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 600_000 })

const BOTH = ['--engines', 'postgresql,mongodb']
const ALONE = ['--engines', 'mongodb']

const mongodbOf = ({ instances }: Ready) => instances.find(({ engine }) => engine === 'mongodb')!

const passwordOf = (folder: string): string =>
  JSON.parse(readFileSync(join(folder, 'demo.json'), 'utf8')).servers.mongodb.password

/** A client of the server itself. */
function as(port: number, username?: string, password?: string): MongoClient {
  const auth = username === undefined ? {} : { auth: { username, password }, authSource: 'admin' }
  return new MongoClient(`mongodb://127.0.0.1:${port}/`, { ...auth, directConnection: true })
}

async function ask<T>(client: MongoClient, work: (client: MongoClient) => Promise<T>): Promise<T> {
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

describe.skipIf(mongodbServers().length === 0)('the SecantusDB of the demo', () => {
  // Fetched once, by the first demo that asks for it.
  let fetched: string
  beforeAll(async () => {
    // It is installed, and found where PATH shows it; one that shows some of a machine's programs alone may not.
    const shown = isAbsolute(findPython()) ? [dirname(findPython())] : []
    vi.stubEnv('PATH', [process.env.PATH, ...shown].join(delimiter))
    fetched = aPassableFolder()
    const { run } = await demo(fetched, ALONE)
    expect(run.output.err).toContain('fetching SecantusDB')
    await stop(run)
  })

  /** A folder that has its program already, and no demo yet. */
  function aFolderWithIt(): string {
    const folder = aPassableFolder()
    execFileSync('cp', ['-al', join(fetched, 'mongodb-programs'), folder])
    writeFileSync(join(folder, 'demo.json'), '{"servers":{}}', { mode: 0o600 })
    return folder
  }

  test('npm start is ready with both where it is asked for, keeps them, and Ctrl-C stops everything', async () => {
    const folder = aFolderWithIt()
    const launcher = { script: 'bin/start.js' }
    const first = await demo(folder, BOTH, launcher)
    expect(first.ready.instances).toEqual([
      expect.objectContaining({ slug: 'demo', engine: 'postgresql' }),
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        slug: 'demo-mongodb',
        engine: 'mongodb',
        host: '127.0.0.1',
        port: expect.any(Number),
        connection: expect.any(String),
      },
    ])
    const { code, out } = await stop(first.run)
    expect([code, out.trim().split('\n').length]).toEqual([0, 1])
    expect([...postgresIn(folder), ...mongodbIn(folder)]).toEqual([])
    const second = await demo(folder, BOTH, launcher)
    expect(second.run.output.err).not.toContain('fetching')
    expect({ ...second.ready, url: '' }).toEqual({ ...first.ready, url: '' })
    expect((await stop(second.run, 'SIGTERM')).code).toBe(0)
    expect([...postgresIn(folder), ...mongodbIn(folder)]).toEqual([])
  })

  test('it shows logins that were there before, and lets one that Rolecall has just made log in', async () => {
    const { run, ready } = await demo(fetched, ALONE)
    const { id, port } = mongodbOf(ready)
    const found = (await (await call(ready, `/instances/${id}/users`)).json()) as { items: Record<string, string>[] }
    expect(found.items.map(({ name, authDatabase }) => `${name}@${authDatabase}`)).toEqual(
      ['billing_app', 'orders_app', 'reporting', 'rolecall'].map(name => `${name}@admin`),
    )
    const grants = [{ role: 'read', database: 'orders' }]
    const made = await call(ready, `/instances/${id}/users`, { name: 'reader', grants })
    expect(made.status).toBe(201)
    const { password } = (await made.json()) as { password: string }
    await ask(as(port, 'reader', password), async reader => {
      const orders = await reader.db('orders').collection('orders').find().toArray()
      expect(orders).toEqual([
        { _id: 1, customer: 1, total: 19.9 },
        { _id: 2, customer: 1, total: 5 },
        { _id: 3, customer: 3, total: 120 },
      ])
      await expect(reader.db('orders').collection('orders').insertOne({})).rejects.toMatchObject({ code: 13 })
    })
    await stop(run)
  })

  test('it is closed to everybody else: a password that nobody sees, an account that owns nothing, loopback alone', async () => {
    const { run, ready } = await demo(fetched, ALONE)
    const password = passwordOf(fetched)
    expect(password).toHaveLength(24)
    const [server] = mongodbIn(fetched)
    for (const pid of [server!, run.child.pid!]) {
      for (const what of ['cmdline', 'environ']) expect(told(pid, what)).not.toContain(password)
    }
    expect(run.output.err + readFileSync(join(fetched, 'mongodb.log'), 'utf8')).not.toContain(password)
    expect(/^Uid:\s+(\d+)/m.exec(told(server!, 'status'))?.[1]).not.toBe('0')
    expect(told(server!, 'cmdline').split('\0')).toContain('127.0.0.1')
    expect(statSync(join(fetched, 'mongodb')).mode & 0o777).toBe(0o700)
    expect(statSync(join(fetched, 'mongodb-programs')).uid).toBe(process.getuid!())
    const mine = readdirSync(fetched).filter(name => name.startsWith('mongodb'))
    expect(mine).toEqual(['mongodb', 'mongodb-programs', 'mongodb.log'])
    const { port } = mongodbOf(ready)
    const users = (client: MongoClient) => client.db('admin').command({ usersInfo: 1 })
    await expect(ask(as(port), users)).rejects.toThrow()
    for (const name of ['rolecall', 'orders_app', 'root'])
      await expect(ask(as(port, name, 'a-guess'), users)).rejects.toMatchObject({ code: 18 })
    expect(await ask(as(port, 'rolecall', password), users)).toMatchObject({ ok: 1 })
    await stop(run)
  })

  test('it recovers after kill -9, whether the server was killed too or left behind, with what it had', async () => {
    const folder = aFolderWithIt()
    const first = await demo(folder, ALONE)
    const { id } = mongodbOf(first.ready)
    expect((await call(first.ready, `/instances/${id}/users`, { name: 'kept' })).status).toBe(201)
    await stop(first.run, 'SIGKILL')
    expect(mongodbIn(folder)).not.toEqual([])
    const second = await demo(folder, ALONE)
    expect((await call(second.ready, `/instances/${id}/users`, { name: 'kept_too' })).status).toBe(201)
    await stop(second.run, 'SIGKILL')
    for (const pid of mongodbIn(folder)) process.kill(pid, 'SIGKILL')
    const third = await demo(folder, ALONE)
    expect({ ...third.ready, url: '' }).toEqual({ ...first.ready, url: '' })
    for (const name of ['kept', 'kept_too'])
      expect((await call(third.ready, `/instances/${id}/users/${name}`)).status, name).toBe(200)
    await stop(third.run)
    expect(mongodbIn(folder)).toEqual([])
  })

  test('a signal, or kill -9, while it gets its first login leaves nothing that the next start trips over', async () => {
    const folder = aFolderWithIt()
    const draft = join(folder, 'mongodb.new')
    for (const signal of ['SIGINT', 'SIGKILL'] as const) {
      const run = rolecall(['demo', '--data', folder, '--port', '0', ...ALONE])
      while (serversIn(draft).length === 0 && run.child.exitCode === null) await sleep(1)
      expect((await stop(run, signal)).code).toBe(signal === 'SIGINT' ? 0 : signal)
    }
    const { run, ready } = await demo(folder, ALONE)
    expect(mongodbOf(ready)).toBeDefined()
    await stop(run)
    expect([draft, join(folder, 'mongodb')].flatMap(serversIn)).toEqual([])
  })

  test('a login that somebody made while everybody was let in is gone', async () => {
    const folder = aFolderWithIt()
    const run = rolecall(['demo', '--json', '--data', folder, '--port', '0', ...ALONE])
    const draft = join(folder, 'mongodb.new')
    // For a moment it is still a copy of what starts it.
    const portOf = (pid: number) => Number(/--port\0(\d+)/.exec(told(pid, 'cmdline'))?.[1])
    while (!serversIn(draft).some(portOf)) await sleep(1)
    const port = portOf(serversIn(draft)[0]!)
    // A client that found nobody looks again at its leisure; the next one looks at once.
    const inHaste = { directConnection: true, serverSelectionTimeoutMS: 100 }
    const command = { createUser: 'intruder', pwd: 'i-was-here-first', roles: [{ role: 'root', db: 'admin' }] }
    let isMade = false
    while (!isMade && existsSync(draft))
      isMade = await ask(new MongoClient(`mongodb://127.0.0.1:${port}/`, inHaste), client =>
        client.db('shop').command(command),
      ).then(
        () => true,
        () => false,
      )
    expect(isMade).toBe(true)
    const ready = JSON.parse((await run.until(/^\{.*\}$/m))[0]) as Ready
    const found = await (await call(ready, `/instances/${mongodbOf(ready).id}/users`)).text()
    expect(found).toContain('orders_app')
    expect(found).not.toContain('intruder')
    await stop(run)
  })

  test('nobody gets it who has not asked for it; who has, keeps it; --engines leaves it out', async () => {
    const folder = aFolderWithIt()
    const plain = await demo(folder)
    expect(plain.ready.instances.map(({ engine }) => engine)).not.toContain('mongodb')
    expect(existsSync(join(folder, 'mongodb'))).toBe(false)
    await stop(plain.run)
    const asked = await demo(folder, BOTH)
    await stop(asked.run)
    const again = await demo(folder)
    expect(mongodbOf(again.ready)).toEqual(mongodbOf(asked.ready))
    await stop(again.run)
    const without = await demo(folder, ['--engines', 'postgresql'])
    expect(without.ready.instances).toEqual(asked.ready.instances.slice(0, 1))
    expect(mongodbIn(folder)).toEqual([])
    await stop(without.run)
    renameSync(join(folder, 'mongodb-programs'), join(folder, 'elsewhere'))
    const lost = await demo(folder)
    expect(linesAbout(lost.run.output.err)).toEqual([expect.stringMatching(/without SecantusDB.*not there any more/)])
    expect(lost.ready.instances.map(({ engine }) => engine)).not.toContain('mongodb')
    await stop(lost.run)
  })

  test('its tour has lines that make a login and use it', async () => {
    const run = rolecall(['demo', '--data', fetched, '--port', '0', ...ALONE])
    await run.until(/Documents: http/)
    expect(run.output.out).toMatch(/with a SecantusDB on port \d+ of its own/)
    const lines = run.output.out.split('\n')
    const from = lines.findIndex(line => line.startsWith('export ROLECALL'))
    const to = lines.findIndex(line => line.startsWith('Documents'))
    const said = execFileSync('sh', ['-ec', lines.slice(from, to).join('\n')], { encoding: 'utf8' })
    expect(said).toMatch(/"username" : "orders_app",\n {4}"x509Type" : "NONE"\n.*\n {2}"totalCount" : \d+\n\}/s)
    expect(said).toContain("{'_id': 1, 'name': 'Ada'} {'_id': 2, 'name': 'Grace'} {'_id': 3, 'name': 'Edsger'}")
    expect(said).toContain('dropUser')
    await stop(run)
  })

  test('--fresh begins anew', async () => {
    const folder = aFolderWithIt()
    const first = await demo(folder, ALONE)
    const before = passwordOf(folder)
    await stop(first.run, 'SIGKILL')
    const second = await demo(folder, [...ALONE, '--fresh'])
    expect(passwordOf(folder)).not.toBe(before)
    expect((await call(second.ready, `/instances/${mongodbOf(second.ready).id}/users`)).status).toBe(200)
    await stop(second.run)
  })
})

const linesAbout = (err: string) => err.split('\n').filter(line => /secantus/i.test(line))

describe('where SecantusDB can not be fetched', () => {
  // One for all of them: its PostgreSQL is made once.
  const folder = aPassableFolder()

  test.each([
    ['no Python', undefined, 'apt-get install python3-venv'],
    ['a Python that makes no environments', 'exit 1', 'apt-get install python3-venv'],
    ['no way to PyPI', aPythonThatFetches('echo "no route to the index" >&2; exit 1'), 'no route to the index'],
    ['a server that does not run', aPythonThatFetches('test "$1" = -m'), 'does not run'],
  ])('with %s it is refused by name, with what to do, and with nothing left running', async (_, python, words) => {
    const where = { env: { PATH: aPathWith(python) } }
    const { code, err } = await rolecall(['demo', '--data', folder, '--port', '0', ...BOTH], where).ended()
    expect([code, err]).toEqual([EXIT.demoDatabase, expect.stringContaining(words)])
    expect(postgresIn(folder)).toEqual([])
    expect(existsSync(join(folder, 'mongodb'))).toBe(false)
    rmSync(join(folder, 'mongodb-programs'), { recursive: true, force: true })
  })

  /** What a machine has beside a Python is found; Python is this script, or not there. */
  function aPathWith(python: string | undefined): string {
    const bin = join(aPassableFolder(), 'bin')
    mkdirSync(bin)
    if (python !== undefined) writeFileSync(join(bin, 'python3'), `#!/bin/sh\n${python}\n`, { mode: 0o755 })
    return bin
  }

  /** One that makes an environment, whose Python is this script. */
  function aPythonThatFetches(script: string): string {
    const made = `printf '#!/bin/sh\\n%s\\n' '${script}' > "$3/bin/python"; chmod +x "$3/bin/python"`
    return `if test "$2" = venv; then PATH=/usr/bin:/bin; mkdir -p "$3/bin"; ${made}; fi`
  }
})
