import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../../src/domain/secret.ts'
import { scramVerifier } from '../../../src/engines/postgresql/users/scram.ts'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'

let server: TestServer
let rolecall: RunningApp
let connections: string

beforeAll(async () => {
  server = await postgresqlServer()
  rolecall = await aRunningApp()
  connections = `/projects/${rolecall.project}/connections`
})

afterAll(() => rolecall?.[Symbol.asyncDispose]())

const elsewhere = {
  engine: 'postgresql',
  host: 'pg.example.test',
  port: 5432,
  database: 'postgres',
  username: 'admin',
  password: 'a-secret-of-the-test',
}
const make = (more: object) => rolecall.native('POST', connections, { body: { ...elsewhere, ...more } })

describe('a connection', () => {
  test('is made without contacting anything, and never shows its secret', async () => {
    const made = await make({
      name: 'Orders (staging)',
      tls: { mode: 'verify-full', ca: 'not a certificate', clientKey: 'key-of-mine' },
    })
    expect([made.status, made.body]).toMatchObject([
      201,
      {
        name: 'Orders (staging)',
        slug: 'orders-staging',
        instanceName: 'orders-staging',
        manages: false,
        credential: 'sealed',
      },
    ])
    const read = await rolecall.native('GET', `/connections/${made.body.id}`)
    for (const { text } of [made, read]) expect(text).not.toMatch(/a-secret-of-the-test|key-of-mine/)
    expect(read.body.tls).toMatchObject({ mode: 'verify-full', hasClientKey: true, fingerprints: [expect.any(String)] })
  })

  test('to the same host and port joins the same instance; a field that contradicts it is refused', async () => {
    const first = await make({
      name: 'first',
      host: 'pg-joined.example.test',
      hosts: ['pg-joined-2.example.test:5433'],
      tags: ['prod'],
    })
    const joined = await make({ name: 'second', host: 'PG-joined-2.example.test', port: 5433 })
    expect(joined.body.instance).toBe(first.body.instance)
    const other = await make({ name: 'third', host: 'pg-joined.example.test', slug: 'another', tags: ['test'] })
    expect([other.status, other.body.errors.map((one: { pointer: string }) => one.pointer)]).toEqual([
      422,
      ['/slug', '/tags'],
    ])
    const same = await make({ name: 'fourth', host: 'pg-joined.example.test', tags: ['prod'] })
    expect(same.status).toBe(201)
    const shown = await rolecall.native('GET', `/instances/${first.body.instance}`)
    expect(shown.body.connections).toHaveLength(3)
  })

  test('moved to other hosts leads to another instance; the last one takes its instance along', async () => {
    const { body } = await make({ name: 'moving', host: 'pg-old.example.test' })
    const moved = await rolecall.native('PATCH', `/connections/${body.id}`, { body: { host: 'pg-new.example.test' } })
    expect(moved.status).toBe(200)
    expect(moved.body.instance).not.toBe(body.instance)
    expect((await rolecall.native('GET', `/instances/${body.instance}`)).status).toBe(404)
    expect((await rolecall.native('DELETE', `/connections/${body.id}`)).status).toBe(204)
    expect((await rolecall.native('GET', `/instances/${moved.body.instance}`)).status).toBe(404)
    expect((await rolecall.native('DELETE', `/connections/${body.id}`)).status).toBe(404)
  })

  test('two of one name at once: one is made', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => make({ name: ' one of a name ' })))
    expect(answers.map(answer => answer.status).sort()).toEqual([201, 409, 409, 409, 409])
  })

  test.each([
    ['/host', { host: 'http://pg.example.test' }],
    ['/host', { host: '0177.1' }],
    ['/host', { host: '/var/run/postgresql' }],
    ['/host', { host: '169.254.169.254' }],
    ['/host', { host: '::ffff:169.254.169.254' }],
    ['/port', { port: 0 }],
    ['/port', { port: 1.5 }],
    ['/port', { port: '5432' }],
    ['/name', { name: '   ' }],
    ['/database', { database: '' }],
    ['/username', { username: '' }],
    ['/engine', { engine: 'sqlite' }],
    ['/credential', { password: undefined, credential: 'env:HOME' }],
    ['/credential', { credential: 'file:/etc/shadow' }],
    ['/passwort', { passwort: 'x' }],
    ['/tls/mode', { tls: { mode: 'prefer' } }],
    ['/policy/onOwned', { policy: { onOwned: 'ask' } }],
  ])('is refused for its %s: %j', async (pointer, more) => {
    const answer = await make({ name: `refused ${JSON.stringify(more)}`, ...more })
    expect([answer.status, answer.body.errors?.map((one: { pointer: string }) => one.pointer)]).toEqual([
      422,
      expect.arrayContaining([pointer]),
    ])
  })

  test('lists in pages, and by name', async () => {
    const first = await rolecall.native('GET', `${connections}?limit=2`)
    expect(first.body.items).toHaveLength(2)
    expect(first.body.next).toMatch(/after=/)
    const found = await rolecall.native('GET', `${connections}?q=ORDERS%20(`)
    expect(found.body.items).toMatchObject([{ name: 'Orders (staging)' }])
  })
})

describe('a test', () => {
  test('of typed-in coordinates connects and looks at the rights', async () => {
    const { host, port, database, username, password } = server
    const typed = { engine: 'postgresql', host, port, database, username, password }
    const good = await rolecall.native('POST', `${connections}/test`, { body: typed })
    expect(good.body).toMatchObject({
      outcome: 'SUCCESS',
      readOnly: false,
      missingRights: [],
      fingerprint: expect.any(String),
    })
    const wrong = await rolecall.native('POST', `${connections}/test`, { body: { ...typed, password: 'wrong' } })
    expect(wrong.body).toEqual({ outcome: 'FAILURE', detail: 'Password authentication attempt was rejected.' })
    const nowhere = await rolecall.native('POST', `${connections}/test`, { body: { ...typed, port: 1 } })
    expect(nowhere.body).toEqual({ outcome: 'FAILURE', detail: 'The server refused the connection on that port.' })
    const none = await rolecall.native('POST', `${connections}/test`, {
      body: { ...typed, database: 'no-such-database' },
    })
    expect(none.body).toEqual({ outcome: 'FAILURE', detail: 'The database does not exist.' })
    const blocked = await rolecall.native('POST', `${connections}/test`, {
      body: { ...typed, host: '169.254.169.254' },
    })
    expect(blocked.body).toEqual({
      outcome: 'FAILURE',
      detail: "The address is blocked by this server's network policy.",
    })
  })

  test('of a stored one keeps what came of it, and makes it manage', async () => {
    const { instance, connection } = await rolecall.connect(server, { name: 'tested' })
    const tested = await rolecall.native('POST', `/connections/${connection}/test`)
    expect(tested.body.outcome).toBe('SUCCESS')
    const read = await rolecall.native('GET', `/connections/${connection}`)
    expect(read.body).toMatchObject({ manages: true, missingRights: [], lastTest: { outcome: 'SUCCESS' } })
    const shown = await rolecall.native('GET', `/instances/${instance}`)
    expect(shown.body).toMatchObject({
      health: 'seen',
      managingConnection: connection,
      fingerprint: expect.any(String),
    })
    await rolecall.native('DELETE', `/connections/${connection}`)
  })
})

describe('an instance', () => {
  test('in observe mode lists everything and changes nothing', async () => {
    const { instance } = await rolecall.connect(server, { name: 'observed', mode: 'observe' })
    expect((await rolecall.native('GET', `/instances/${instance}/users`)).status).toBe(200)
    const refused = await rolecall.native('POST', `/instances/${instance}/users`, { body: { name: 'never' } })
    expect([refused.status, refused.body.type]).toEqual([403, 'urn:rolecall:fault:read-only'])
    const managed = await rolecall.native('PATCH', `/instances/${instance}`, {
      body: { mode: 'manage', name: 'Renamed', tags: ['a'] },
    })
    expect(managed.body).toMatchObject({ mode: 'manage', name: 'Renamed', tags: ['a'] })
    expect((await rolecall.native('DELETE', `/instances/${instance}`)).status).toBe(204)
    expect((await rolecall.native('GET', `/instances/${instance}`)).status).toBe(404)
  })

  test('tells which level decided each policy, and the nearest wins', async () => {
    const { instance } = await rolecall.connect(server, { name: 'policies', policy: { minPasswordLength: 30 } })
    await rolecall.native('PATCH', `/projects/${rolecall.project}`, {
      body: { policy: { minPasswordLength: 20, onOwned: 'drop' } },
    })
    const { body } = await rolecall.native('GET', `/instances/${instance}`)
    expect(body.policy).toMatchObject({
      minPasswordLength: { value: 30, from: 'instance' },
      onOwned: { value: 'drop', from: 'project' },
      passwordRecall: { value: 'never', from: 'built-in' },
    })
    const short = await rolecall.native('POST', `/instances/${instance}/users`, {
      body: { name: 'never', password: 'shorter-than-30-characters' },
    })
    expect(short.body.errors).toMatchObject([{ pointer: '/password' }])
    await rolecall.native('PATCH', `/projects/${rolecall.project}`, { body: { policy: {} } })
    await rolecall.native('DELETE', `/instances/${instance}`)
  })

  test('whose policy keeps existing logins lets only its own be changed', async () => {
    const { instance } = await rolecall.connect(server, { name: 'kept', policy: { manageExisting: false } })
    const engine = await engineClient(server)
    await engine.query('create role conn_theirs login')
    const users = `/instances/${instance}/users`
    expect((await rolecall.native('POST', `${users}/conn_theirs/lock`)).status).toBe(403)
    await rolecall.native('POST', users, { body: { name: 'conn_ours' } })
    expect((await rolecall.native('POST', `${users}/conn_ours/lock`)).status).toBe(200)
    expect((await rolecall.native('DELETE', `${users}/conn_ours`)).status).toBe(200)
    await engine.query('drop role conn_theirs')
    await engine.end()
    await rolecall.native('DELETE', `/instances/${instance}`)
  })

  test('resetting the login that a connection uses changes the connection in the same operation', async () => {
    const engine = await engineClient(server)
    const verifier = await scramVerifier(new Secret('first-password'))
    await engine.query(`create role conn_manager login superuser password '${verifier.reveal()}'`)
    const { instance, connection } = await rolecall.connect(server, {
      name: 'own login',
      username: 'conn_manager',
      password: 'first-password',
    })
    const users = `/instances/${instance}/users`
    const reset = await rolecall.native('POST', `${users}/conn_manager/reset`)
    expect(reset.status).toBe(200)
    expect((await rolecall.native('GET', `${users}/conn_manager`)).status).toBe(200)
    expect((await rolecall.native('POST', `/connections/${connection}/test`)).body.outcome).toBe('SUCCESS')
    expect((await rolecall.native('POST', `${users}/conn_manager/lock`)).status).toBe(409)
    await rolecall.native('DELETE', `/instances/${instance}`)
    await engine.query('drop role conn_manager')
    await engine.end()
  })

  test('is managed by the login with the most rights: one that lacks some, until a better one is tried', async () => {
    const engine = await engineClient(server)
    const verifier = await scramVerifier(new Secret('limited-password'))
    await engine.query(`create role conn_limited login createrole password '${verifier.reveal()}'`)
    const limited = await rolecall.connect(server, { username: 'conn_limited', password: 'limited-password' })
    await rolecall.native('GET', `/instances/${limited.instance}/users`)
    const before = await rolecall.native('GET', `/instances/${limited.instance}`)
    expect(before.body.managingConnection).toBe(limited.connection)
    expect(before.body.missingRights).not.toEqual([])
    const better = await rolecall.connect(server, {})
    await rolecall.native('POST', `/connections/${better.connection}/test`)
    const after = await rolecall.native('GET', `/instances/${limited.instance}`)
    expect(after.body).toMatchObject({ managingConnection: better.connection, missingRights: [] })
    await rolecall.native('DELETE', `/instances/${limited.instance}`)
    await engine.query('drop role conn_limited')
    await engine.end()
  })

  test('whose password is kept in a file is reached with what the file says, also after it was changed there', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'rolecall-credential-'))
    const file = join(folder, 'password')
    await using referring = await aRunningApp({ flags: { '--credentials-allow': `file:${folder}/*` } })
    const engine = await engineClient(server)
    const change = async (password: string) => {
      writeFileSync(file, `${password}\n`)
      const verifier = await scramVerifier(new Secret(password))
      await engine.query(`alter role conn_file password '${verifier.reveal()}'`)
      await engine.query("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'conn_file'")
    }
    await engine.query('create role conn_file login createrole')
    await change('the first of the file')
    const credential = { username: 'conn_file', password: undefined, credential: `file:${file}` }
    const { instance } = await referring.connect(server, credential)
    expect((await referring.native('GET', `/instances/${instance}/users`)).status).toBe(200)
    await change('the second of the file')
    // One request may still be turned away with what was known: the next asks the file.
    await referring.native('GET', `/instances/${instance}/users`)
    expect((await referring.native('GET', `/instances/${instance}/users`)).status).toBe(200)
    await engine.query('drop role conn_file')
    await engine.end()
    rmSync(folder, { recursive: true })
  })

  test('of an engine that is not driven yet is kept, and says so', async () => {
    const { body } = await make({ name: 'a kafka', engine: 'kafka', host: 'kafka.example.test', port: 9092 })
    const users = await rolecall.native('GET', `/instances/${body.instance}/users`)
    expect([users.status, users.body.type]).toEqual([422, 'urn:rolecall:fault:unsupported'])
  })
})
