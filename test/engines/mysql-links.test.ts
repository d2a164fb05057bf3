import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Fault } from '../../src/domain/fault.ts'
import { Secret } from '../../src/domain/secret.ts'
import type { Tls } from '../../src/domain/servers/connection.ts'
import { CATALOGUE_ROLES } from '../../src/domain/users/grant.ts'
import type { Target } from '../../src/engines/engine.ts'
import { mysql } from '../../src/engines/mysql/index.ts'
import { aCreate, aMark, apply, INSTALLATION, planned } from '../support/changes.ts'
import { type Instance, type RunningInstance, startInstance } from '../support/mariadb/instance.ts'
import { mysqlClient } from '../support/mariadb/logins.ts'
import { mariadbPlugins } from '../support/mariadb/programs.ts'
import { onMysqlFamily } from '../support/mariadb/workbench.ts'
import { anAuthority } from '../support/postgresql/certificates.ts'
import { aProxy } from '../support/proxy.ts'
import { mysqlServers, ownMariadb, serverOfInstance, targetOf } from '../support/servers.ts'

const engine = mysql()
let attempt = 0
const open = (target: Target, signal = AbortSignal.timeout(20_000)) =>
  engine.open(target, { installation: INSTALLATION, operation: `op_LINKS${process.pid}`, attempt: ++attempt }, signal)
const packet = (number: number, body: Buffer) => {
  const head = Buffer.alloc(4)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = number
  return Buffer.concat([head, body])
}
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0])

/** Protocol 10, no TLS, 20 bytes to scramble passwords with, plug-ins. */
const GREETING = packet(
  0,
  Buffer.concat([
    Buffer.from([10]),
    Buffer.from('10.11.0-MariaDB\0'),
    Buffer.from([7, 0, 0, 0]),
    Buffer.from('12345678\0'),
    Buffer.from([0xff, 0xf7, 45, 2, 0, 0xff, 0x80, 21]),
    Buffer.alloc(10),
    Buffer.from('123456789012\0mysql_native_password\0'),
  ]),
)

const run = (shown: string) => ({ why: 'for this test', statements: [{ shown }] })

/** What the page on operating gives the managing login, on MariaDB and on MySQL. */
const RIGHTS =
  /\*\*MariaDB\*\*\n\n```sql\n([^`]+)```\n\n\*\*MySQL [^`]*(?:`ROLECALL_TEST_MYSQL_URL`)?[^`]*```sql\n([^`]+)```/

/** It would take days. */
const ENDLESS = `select count(*) from information_schema.columns a, information_schema.columns b, information_schema.columns c`

onMysqlFamily('links', (bench, isMariadb) => {
  test('a statement that takes too long is stopped on the server, and the link goes on', async () => {
    await using link = await open(bench().target({ statementTimeoutMs: 1_000 }))
    await expect(link.run(run(ENDLESS))).rejects.toMatchObject({ code: 'timeout' })
    expect((await link.listDatabases({ limit: 1 })).items).toBeDefined()
  })

  test('a caller that gives up has its statement stopped on the server', async () => {
    const caller = new AbortController()
    await using link = await open(bench().target(), caller.signal)
    const asked = link.run(run(ENDLESS))
    setTimeout(() => caller.abort(), 300)
    await expect(asked).rejects.toMatchObject({ code: 'timeout' })
    const running = await bench().sql(
      "select id from information_schema.processlist where info like 'select count(*) from information_schema.columns%'",
    )
    expect(running).toEqual([])
  })

  test('a lock that another session holds is told apart from a slow statement', async () => {
    await bench().sql(`create database if not exists l${process.pid}`)
    await bench().sql(`create table if not exists l${process.pid}.t (x int)`)
    await bench().sql(`lock tables l${process.pid}.t write`)
    await using link = await open(bench().target({ statementTimeoutMs: 2_000 }))
    await expect(link.run(run(`drop table l${process.pid}.t`))).rejects.toMatchObject({
      code: 'timeout',
      message: expect.stringContaining('Another session'),
    })
    await bench().sql('unlock tables')
    await bench().sql(`drop database l${process.pid}`)
  })

  test.each(['hang', 'swallow', 'cut'] as const)(
    'a server that goes silent or away (%s) is a fault in time',
    async manner => {
      const { host, port } = bench().server
      await using proxy = await aProxy({ host, port })
      const target = bench().target({ hosts: [{ host, port: proxy.port }], statementTimeoutMs: 500 })
      await using link = await open(target)
      proxy.behave(manner)
      const began = performance.now()
      await expect(link.listUsers({ limit: 1 })).rejects.toMatchObject({
        code: manner === 'cut' ? 'unavailable' : 'timeout',
      })
      expect(performance.now() - began).toBeLessThan(5_000)
    },
  )

  test('what is no MySQL is told as that, and waited for no longer than allowed', async () => {
    const stranger = createServer(socket => socket.end('SSH-2.0-OpenSSH_9.2\r\n')).listen(0, '127.0.0.1')
    await once(stranger, 'listening')
    const { port } = stranger.address() as AddressInfo
    const refused = open(bench().target({ hosts: [{ host: '127.0.0.1', port }], connectTimeoutMs: 1_000 }))
    await expect(refused).rejects.toMatchObject({ details: { reason: 'wrong-server' } })
    stranger.close()
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const late = open(
      bench().target({
        hosts: [{ host: '127.0.0.1', port: (silent.address() as AddressInfo).port }],
        connectTimeoutMs: 300,
      }),
    )
    await expect(late).rejects.toMatchObject({ details: { reason: 'timeout' } })
    silent.close()
  })

  describe('a hostile server', () => {
    /** Greets as MariaDB does, and then says `answers`, one for each packet that it gets; tells what it was sent. */
    async function pretender(answers: readonly Buffer[]) {
      const heard: Buffer[] = []
      const server = createServer(socket => {
        let packets = 0
        socket.on('error', () => {})
        socket.on('data', data => {
          heard.push(data)
          const answer = answers[packets++]
          if (answer) socket.write(answer)
        })
        socket.write(GREETING)
      }).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const { port } = server.address() as AddressInfo
      const target = bench().target({
        hosts: [{ host: '127.0.0.1', port }],
        statementTimeoutMs: 1_000,
        connectTimeoutMs: 1_000,
      })
      return { target, heard: () => Buffer.concat(heard), close: () => server.close() }
    }

    test('gets no file of this machine', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'rolecall-infile-'))
      writeFileSync(join(folder, 'secret'), 'what nobody may read')
      const askForFile = Buffer.concat([Buffer.from([0xfb]), Buffer.from(join(folder, 'secret'))])
      const { target, heard, close } = await pretender([packet(2, OK), packet(1, askForFile), packet(3, OK)])
      await expect(open(target)).rejects.toMatchObject({ code: expect.stringMatching(/unavailable|timeout/) })
      expect(heard().toString()).toContain('show global variables')
      expect(heard().toString()).not.toContain('what nobody may read')
      rmSync(folder, { recursive: true })
      close()
    })

    test('gets no password in clear text', async () => {
      const switchTo = Buffer.concat([Buffer.from([0xfe]), Buffer.from('mysql_clear_password\0')])
      const { target, heard, close } = await pretender([packet(2, switchTo)])
      await expect(open(target)).rejects.toMatchObject({ details: { reason: 'password' } })
      expect(heard().toString()).not.toContain(bench().server.password)
      close()
    })

    test('that offers no TLS where it is wanted gets nothing but the wish', async () => {
      const { target, heard, close } = await pretender([])
      await expect(open({ ...target, tls: { mode: 'require' } })).rejects.toMatchObject({ details: { reason: 'tls' } })
      expect(heard()).toHaveLength(0)
      close()
    })
  })

  test('only addresses are dialled, each of them asked for', async () => {
    const asked: string[] = []
    const resolve = async (host: string) => {
      asked.push(host)
      return ['127.0.0.2', '127.0.0.1']
    }
    await using link = await open(
      bench().target({ hosts: [{ host: 'db.example.test', port: bench().server.port }], resolve }),
    )
    expect(link.server.version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(asked).toEqual(['db.example.test'])
    const named = open(bench().target({ resolve: async () => ['localhost'] }))
    await expect(named).rejects.toMatchObject({ code: 'unavailable' })
  })

  test('of one attempt at a time: another session of the same attempt is refused', async () => {
    const session = { installation: INSTALLATION, operation: 'op_SAME', attempt: 1 }
    await using _first = await engine.open(bench().target(), session, AbortSignal.timeout(5_000))
    await expect(engine.open(bench().target(), session, AbortSignal.timeout(5_000))).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  test('more attempts than one are alive, and all are ended', async () => {
    const operation = 'op_MANY'
    const session = (n: number) => ({ installation: INSTALLATION, operation, attempt: n })
    const links = await Promise.all(
      [1, 17, 33].map(n => engine.open(bench().target(), session(n), AbortSignal.timeout(5_000))),
    )
    await engine.endSession(bench().target(), { installation: INSTALLATION, operation }, AbortSignal.timeout(5_000))
    for (const link of links) {
      await expect(link.listDatabases({ limit: 1 })).rejects.toMatchObject({ code: 'unavailable' })
      await link[Symbol.asyncDispose]()
    }
  })

  test('a login that lacks rights says each of them, and what needs one is refused before it begins', async () => {
    const name = `weak${process.pid}`
    await bench().run(aCreate(name))
    await bench().sql(`grant select on mysql.* to '${name}'@'%'`)
    await using link = await open(bench().target({ username: name, password: new Secret(`pw-of-${name}`) }))
    const missing = (await link.missingRights()).map(words => words.split(':')[0])
    const sinceNewer = Number.parseFloat(link.server.version) >= 11.3 ? ['SHOW CREATE ROUTINE'] : []
    expect(missing).toEqual([
      'CREATE USER',
      'GRANT OPTION on *.*',
      'the rights on *.* that are to be granted',
      ...(isMariadb ? ['DELETE HISTORY', ...sinceNewer] : []),
      'CREATE and DROP on *.*',
      'PROCESS',
      'CONNECTION_ADMIN (or SUPER)',
      'REPLICATION SLAVE',
    ])
    const { refusals } = await planned(engine, link, aCreate('x'), aMark())
    expect(refusals).toMatchObject([{ code: 'missing_right' }])
    await bench().run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
  })

  test('a login with the rights that docs/operating.md lists can do everything', async () => {
    const name = `manager${process.pid}`
    const [, mariadb, mysql] = RIGHTS.exec(readFileSync('docs/operating.md', 'utf8'))!
    const lines = isMariadb ? mariadb! : mysql!
    for (const line of lines.split(';').filter(one => one.trim() !== '')) {
      await bench().sql(line.replaceAll('rolecall@', `${name}@`).replace("'…'", "'pw-of-the-manager'"))
    }
    await using link = await open(bench().target({ username: name, password: new Secret('pw-of-the-manager') }))
    expect(await link.missingRights()).toEqual([])
    const [database, key] = [`db${process.pid}`, { name: `by_${name}` }]
    await apply(engine, link, { kind: 'create-database', database: { name: database } })
    const grants = CATALOGUE_ROLES.map(role => ({ role, database }))
    await apply(engine, link, aCreate(key.name, { grants, settings: { replication: true, connectionLimit: 3 } }))
    await using session = await open(bench().target({ username: key.name, password: new Secret(`pw-of-${key.name}`) }))
    await apply(engine, link, { kind: 'lock-user', key })
    await expect(session.listDatabases({ limit: 1 })).rejects.toMatchObject({ code: 'unavailable' })
    await apply(engine, link, { kind: 'rename-user', key, to: { name: `to_${name}` } })
    await apply(engine, link, { kind: 'drop-user', key: { name: `to_${name}` }, onOwned: 'refuse' })
    await apply(engine, link, { kind: 'drop-database', name: database, force: false })
    await bench().run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
  })

  test('a login that may not see the accounts says so', async () => {
    const name = `blind${process.pid}`
    await bench().run(aCreate(name))
    await using link = await open(bench().target({ username: name, password: new Secret(`pw-of-${name}`) }))
    expect((await link.missingRights())[0]).toContain('SELECT on mysql.*')
    await expect(link.listUsers({ limit: 1 })).rejects.toMatchObject({ code: 'missing_right' })
    await bench().run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
  })

  test('a login that acts in a role has what the role has', async () => {
    const name = `acting${process.pid}`
    await bench().run(aCreate(name))
    for (const text of [
      `create role ${name}_role`,
      `grant all privileges on *.* to ${name}_role with grant option`,
      `grant ${name}_role to '${name}'@'%'`,
      `set default role ${name}_role ${isMariadb ? 'for' : 'to'} '${name}'@'%'`,
    ])
      await bench().sql(text)
    await using link = await open(bench().target({ username: name, password: new Secret(`pw-of-${name}`) }))
    expect(await link.missingRights()).toEqual([])
    await bench().sql(`drop role ${name}_role`)
    await bench().run({ kind: 'drop-user', key: { name }, onOwned: 'refuse' })
  })
})

describe.skipIf(mysqlServers().length === 0)('a MariaDB with settings of its own', () => {
  const authority = anAuthority('Rolecall test authority')
  const stranger = anAuthority('Somebody else')
  const CLIENT = 'by-certificate'
  let instance: Instance
  let server: RunningInstance

  beforeAll(async () => {
    instance = await ownMariadb(['--ssl-cert=server.pem', '--ssl-key=server.key', '--ssl-ca=ca.pem'])
    const own = authority.issue('db.example.test', ['DNS:db.example.test'])
    const data = join(instance.folder, 'data')
    for (const [name, text] of Object.entries({
      'server.pem': own.certificate,
      'server.key': own.key,
      'ca.pem': authority.certificate,
    })) {
      writeFileSync(join(data, name), text, { mode: 0o644 })
    }
    server = await startInstance(instance)
    const client = await mysqlClient(serverOfInstance(instance))
    await client.query(
      `create user '${CLIENT}'@'%' identified via mysql_native_password using '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19' require x509`,
    )
    await client.query(
      `create user 'tls-only'@'%' identified via mysql_native_password using '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19' require ssl`,
    )
    await client.end()
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    if (instance) rmSync(dirname(instance.folder), { recursive: true, force: true })
  })

  const reach = (tls: Tls, change: Partial<Target> = {}) =>
    open(targetOf(serverOfInstance(instance), { tls, ...change }))
  const named = (host: string): Partial<Target> => ({
    hosts: [{ host, port: instance.port }],
    resolve: async () => ['127.0.0.1'],
  })
  const ca = authority.certificate
  /** How a link that is tried comes out. */
  const outcome = (tls: Tls, change: Partial<Target> = {}) =>
    reach(tls, change).then(
      async link => {
        await link[Symbol.asyncDispose]()
        return 'open'
      },
      (fault: Fault) => fault.details.reason,
    )

  test.each<[string, Tls, string, string?]>([
    ['encrypts and trusts anybody', { mode: 'require' }, 'open'],
    ['is let in by its CA, under any name', { mode: 'verify-ca', ca }, 'open'],
    ['is refused by another CA', { mode: 'verify-ca', ca: stranger.certificate }, 'certificate'],
    ["is let in under the certificate's name", { mode: 'verify-full', ca }, 'open', 'db.example.test'],
    ['is refused under another name', { mode: 'verify-full', ca }, 'certificate', 'other.example.test'],
    ['is refused under an address that the certificate does not have', { mode: 'verify-full', ca }, 'certificate'],
    ['goes by the name that the connection gives', { mode: 'verify-full', ca, serverName: 'db.example.test' }, 'open'],
  ])('%s', async (_, tls, wanted, host) => {
    expect(await outcome(tls, host === undefined ? {} : named(host))).toBe(wanted)
  })

  test('a login that proves itself with a certificate needs one', async () => {
    const own = authority.issue(CLIENT)
    const login = { username: CLIENT, password: new Secret('password') }
    const withOwn: Tls = { mode: 'require', clientCertificate: own.certificate, clientKey: new Secret(own.key) }
    expect(await outcome({ mode: 'require' }, login)).toBe('password')
    expect(await outcome(withOwn, login)).toBe('open')
  })

  test('a login that is let in over TLS only is refused without', async () => {
    const login = { username: 'tls-only', password: new Secret('password') }
    expect(await outcome({ mode: 'disable' }, login)).toBe('password')
    expect(await outcome({ mode: 'require' }, login)).toBe('open')
  })

  test('that is set to read only is never written to', async () => {
    const client = await mysqlClient(serverOfInstance(instance))
    await client.query('set global read_only = on')
    await using link = await reach({ mode: 'disable' })
    expect(link.server.readOnly).toBe(true)
    expect((await planned(engine, link, aCreate('x'), aMark())).refusals[0]).toMatchObject({ code: 'read_only' })
    await expect(link.run(run("create user 'x'@'%'"))).rejects.toMatchObject({ code: 'read_only' })
    await client.query('set global read_only = off')
    await client.end()
  })

  test('whose names are taken as patterns has no database opened by a grant that was meant for another', async () => {
    await using link = await reach({ mode: 'disable' })
    await apply(engine, link, { kind: 'create-database', database: { name: 'a_b' } })
    await apply(engine, link, aCreate('narrow', { grants: [{ role: 'read', database: 'a_b' }] }))
    expect((await link.findUser({ name: 'narrow' }))?.grants).toEqual([
      { role: 'read', database: 'a_b', by: 'catalogue' },
    ])
  })
})

describe.skipIf(mysqlServers().length === 0)('a MariaDB that checks passwords itself', () => {
  let instance: Instance
  let server: RunningInstance

  beforeAll(async () => {
    instance = await ownMariadb([`--plugin-dir=${mariadbPlugins()}`])
    server = await startInstance(instance)
    const client = await mysqlClient(serverOfInstance(instance))
    await client.query("install soname 'simple_password_check'")
    await client.end()
  })
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    if (instance) rmSync(dirname(instance.folder), { recursive: true, force: true })
  })

  test('takes no hashes until it is told to, and the fault names the setting', async () => {
    await using link = await open(targetOf(serverOfInstance(instance)))
    const { steps } = await planned(engine, link, aCreate('checked'), aMark())
    const refused = link.run(steps[0]!)
    await expect(refused).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('strict_password_validation'),
    })
    const client = await mysqlClient(serverOfInstance(instance))
    await client.query('set global strict_password_validation = off')
    await client.end()
    await apply(engine, link, aCreate('unchecked'))
    expect(
      await engine.canLogIn(
        targetOf(serverOfInstance(instance)),
        { name: 'unchecked' },
        new Secret('pw-of-unchecked'),
        AbortSignal.timeout(5_000),
      ),
    ).toBe(true)
  })
})
