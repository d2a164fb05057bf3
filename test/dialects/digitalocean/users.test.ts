import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { engineClient, logsIn, openSession } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aDigitalOcean, askRaw, type DigitalOcean } from './digitalocean.ts'

let ocean: DigitalOcean
let server: TestServer
let users: string
let instance: string

beforeAll(async () => {
  ocean = await aDigitalOcean()
  server = await postgresqlServer()
  instance = (await ocean.running.connect(server)).instance
  users = `/v2/databases/${instance}/users`
})
afterAll(() => ocean?.[Symbol.asyncDispose]())

let counted = 0
const aName = () => `do_user_${++counted}`
const add = (name: string, more: object = {}) => ocean.ask('POST', users, { body: { name, ...more } })
const get = (name: string) => ocean.ask('GET', `${users}/${name}`)
const drop = (name: string) => ocean.ask('DELETE', `${users}/${name}`)

/** As the server's superuser. */
async function sql(text: string, database?: string) {
  const client = await engineClient(server, database)
  try {
    return await client.query(text)
  } finally {
    await client.end()
  }
}

describe('adding', () => {
  test('makes a login that is there at once, with a password that is told here alone', async () => {
    const name = aName()
    const { status, body } = await add(name)
    expect([status, body]).toEqual([
      201,
      {
        user: {
          name,
          role: 'normal',
          password: expect.stringMatching(/^[A-Za-z0-9]{20,}$/),
          rolecall: { managed: true },
        },
      },
    ])
    expect(await logsIn(server, name, body.user.password)).toBe(true)
    expect((await get(name)).body).toEqual({ user: { name, role: 'normal', rolecall: { managed: true } } })
  })

  test('heeds no password, role or unknown key of the request, and null is absent', async () => {
    const name = aName()
    const more = {
      password: 'chosen by the caller',
      role: 'primary',
      access_cert: 'x',
      mysql_settings: null,
      settings: null,
    }
    const { status, body } = await add(name, more)
    expect([status, body.user.role, body.user.settings]).toEqual([201, 'normal', undefined])
    expect(await logsIn(server, name, 'chosen by the caller')).toBe(false)
  })

  test('trap 10: tells settings only where the request had some', async () => {
    expect((await add(aName(), { settings: {} })).body.user).not.toHaveProperty('settings')
    const some = await add(aName(), { settings: { pg_allow_replication: false } })
    expect(some.body.user.settings).toEqual({ pg_allow_replication: false })
    const name = aName()
    const { body } = await add(name, { settings: { pg_allow_replication: true } })
    expect(body.user.settings).toEqual({ pg_allow_replication: true })
    expect((await get(name)).body.user.settings).toEqual({ pg_allow_replication: true })
    expect((await sql(`select rolreplication from pg_roles where rolname = '${name}'`)).rows).toEqual([
      { rolreplication: true },
    ])
  })

  test('many at once is accepted', async () => {
    const names = Array.from({ length: 12 }, aName)
    const answers = await Promise.all(names.map(name => add(name)))
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 201))
  })

  test.each([
    ['nothing', undefined, 'name is required'],
    ['an empty object', {}, 'name is required'],
    ['null as name', { name: null }, 'name is required'],
    ['a number as name', { name: 5 }, 'name must be string'],
    ['an empty name', { name: '' }, 'name must not be empty'],
    ['.', { name: '.' }, 'name must not be . or ..'],
    ['..', { name: '..' }, 'name must not be . or ..'],
    ['a space before', { name: ' a' }, 'name must not start or end with a space'],
    ['a space behind', { name: 'a ' }, 'name must not start or end with a space'],
    ...[...'/\\?#%', '\t', '\u0000', '\u0085'].map(
      sign => [JSON.stringify(sign), { name: `a${sign}b` }, 'name must not have a control character'] as const,
    ),
    ['64 bytes', { name: 'ä'.repeat(32) }, 'name must have at most 63 bytes'],
    ['half a character', { name: 'a\ud800' }, 'name must not have half a character'],
    ['the engine’s own', { name: 'pg_monitor' }, 'name is kept by the engine'],
    ['postgres', { name: 'postgres' }, 'name is kept by the engine'],
    ['a plugin', { name: 'x', mysql_settings: { auth_plugin: 'caching_sha2_password' } }, 'mysql_settings can not be'],
    ['no known plugin', { name: 'x', mysql_settings: { auth_plugin: 'sha256' } }, 'mysql_settings.auth_plugin must be'],
    ['topics', { name: 'x', settings: { acl: [{ topic: '*', permission: 'admin' }] } }, 'settings.acl can not be'],
    ['no topic', { name: 'x', settings: { acl: [{ permission: 'admin' }] } }, 'settings.acl.0.topic is required'],
    ['indexes', { name: 'x', settings: { opensearch_acl: [] } }, 'settings.opensearch_acl can not be'],
    [
      'roles',
      { name: 'x', settings: { mongo_user_settings: { role: 'readOnly' } } },
      'settings.mongo_user_settings can',
    ],
    ['readonly', { name: 'x', readonly: true }, 'readonly can not be'],
    [
      'a word for a boolean',
      { name: 'x', settings: { pg_allow_replication: 'yes' } },
      'settings.pg_allow_replication must',
    ],
    ['a list for an object', { name: 'x', settings: [] }, 'settings must be object'],
  ] as readonly (readonly [string, object | undefined, string])[])(
    '%s is 422, and nobody is made',
    async (_, body, words) => {
      const answer = await ocean.ask('POST', users, { body, headers: { 'content-type': 'application/json' } })
      expect([answer.status, answer.body.id]).toEqual([422, 'unprocessable_entity'])
      expect(answer.body.message).toContain(words)
      expect((await get('x')).status).toBe(404)
    },
  )

  test('a taken name is 422', async () => {
    const name = aName()
    await add(name)
    const { status, body } = await add(name)
    expect([status, body.message]).toEqual([422, 'user name is not available'])
  })

  test.each(['[]', '"name"', 'null', '5', '{"name":', '{"name":"a"} x', '\xff'])('%s is 400', async payload => {
    const headers = { 'content-type': 'application/json' }
    const { status, body } = await ocean.ask('POST', users, { payload: Buffer.from(payload, 'latin1'), headers })
    expect([status, body.id]).toEqual([400, 'bad_request'])
  })

  test('unknown keys are ignored however deep they go', async () => {
    const deep = `${'['.repeat(30_000)}${']'.repeat(30_000)}`
    const payload = `{"name":"${aName()}","__proto__":{"name":"other"},"deep":${deep}}`
    expect((await ocean.ask('POST', users, { payload })).status).toBe(201)
  })

  test('a body over 64 KiB is 413', async () => {
    const { status, body } = await add('a'.repeat(65_536))
    expect([status, body.id]).toEqual([413, 'request_too_large'])
  })

  test('a type that is none of ours is read as JSON all the same', async () => {
    const payload = JSON.stringify({ name: aName() })
    expect((await ocean.ask('POST', users, { payload, headers: { 'content-type': 'text/plain' } })).status).toBe(201)
    expect((await ocean.ask('POST', users, { payload: JSON.stringify({ name: aName() }) })).status).toBe(201)
  })
})

describe('listing', () => {
  test('trap 5: shows the primary login first, then all others by name, however many, on one page', async () => {
    await sql("do $$ begin for n in 1..450 loop execute format('create role %I login', 'many_' || n); end loop; end $$")
    const began = performance.now()
    const { status, body } = await ocean.ask('GET', `${users}?page=1&per_page=20`)
    expect(performance.now() - began).toBeLessThan(5000)
    expect(status).toBe(200)
    expect(body.users[0]).toMatchObject({ name: server.username, role: 'primary' })
    const names = body.users.slice(1).map(({ name }: { name: string }) => name)
    expect(names).toEqual(names.toSorted((a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b))))
    expect(names.filter((name: string) => name.startsWith('many_'))).toHaveLength(450)
    expect(body.meta).toEqual({ total: body.users.length })
    expect(body).not.toHaveProperty('links')
    const second = (await ocean.ask('GET', `${users}?page=2`)).body
    expect(second).toEqual({ users: [], meta: { total: expect.any(Number) } })
    expect(second.meta.total).toBeGreaterThan(450)
    for (const query of ['page=0', 'page=-1', 'page=x', 'per_page=0', 'per_page=x', 'page=1&page=2', 'q=many']) {
      const { users: all } = (await ocean.ask('GET', `${users}?${query}`)).body
      expect(all.filter(({ name }: { name: string }) => name.startsWith('many_'))).toHaveLength(450)
    }
    await sql("do $$ begin for n in 1..450 loop execute format('drop role %I', 'many_' || n); end loop; end $$")
  })

  test('shows logins that others made as normal ones', async () => {
    const name = aName()
    await sql(`create role ${name} login`)
    const { body } = await ocean.ask('GET', users)
    const found = body.users.find((user: { name: string }) => user.name === name)
    expect(found).toEqual({ name, role: 'normal', rolecall: { managed: false } })
  })

  test('trap 3: a DELETE or GET may have a JSON type and no body', async () => {
    const headers = { 'content-type': 'application/json' }
    const name = aName()
    await add(name)
    expect((await ocean.ask('GET', `${users}/${name}`, { headers })).status).toBe(200)
    expect((await ocean.ask('DELETE', `${users}/${name}`, { headers })).status).toBe(204)
  })
})

describe('names', () => {
  test('trap 2: are compared byte for byte, after decoding', async () => {
    for (const name of ['Upper', 'a b', 'ünï', 'x#y', 'x?y', 'a/b', 'a%b']) {
      await sql(`create role "${name}" login`)
      const path = encodeURIComponent(name)
      expect((await get(path)).body.user.name).toBe(name)
      expect((await get(path.toUpperCase() === path ? path.toLowerCase() : 'x')).status).toBe(404)
      expect((await drop(path)).status).toBe(204)
    }
    await sql('create role "Case" login')
    expect((await get('case')).status).toBe(404)
    await sql('drop role "Case"')
  })

  test('trap 1: raw dot segments drop nobody, even where somebody has that name', async () => {
    await sql('create role ".." login')
    for (const end of ['/..', '/.', '/../', '/../users/..', '/./..', '//..', '/..#x', '/x#y']) {
      expect([end, await askRaw(ocean, 'DELETE', `${users}${end}`)]).toEqual([end, 404])
      expect((await ocean.ask('DELETE', `${users}${end}`)).status).toBe(404)
    }
    expect(await askRaw(ocean, 'GET', users)).toBe(200)
    expect((await sql("select from pg_roles where rolname = '..'")).rowCount).toBe(1)
    await sql('drop role ".."')
  })
})

test('a list of 5,000 more is read in one question, and takes no longer than a moment', async () => {
  await using other = await aDigitalOcean()
  const { instance: id } = await other.running.connect(server)
  const path = `/v2/databases/${id}/users`
  const many = (what: string) =>
    sql(`do $$ begin for n in 1..5000 loop execute format('${what}', 'thousands_' || n); end loop; end $$`)
  await many('create role %I login')
  await other.ask('GET', path)
  const began = performance.now()
  const { status, body } = await other.ask('GET', path)
  const tookMs = performance.now() - began
  await many('drop role %I')
  const seen = body.users.filter(({ name }: { name: string }) => name.startsWith('thousands_'))
  expect([status, seen.length]).toEqual([200, 5000])
  expect(tookMs).toBeLessThan(5000)
}, 60_000)

describe('updating', () => {
  test('traps 8, 11: changes settings alone, and answers 201 with all of them', async () => {
    const name = aName()
    const { password } = (await add(name)).body.user
    const put = (body: object) => ocean.ask('PUT', `${users}/${name}`, { body })
    const on = await put({ settings: { pg_allow_replication: true } })
    expect([on.status, on.body.user.settings]).toEqual([201, { pg_allow_replication: true }])
    expect((await get(name)).body.user.settings).toEqual({ pg_allow_replication: true })
    const same = await put({})
    expect([same.status, same.body.user.settings]).toEqual([201, { pg_allow_replication: true }])
    expect((await put({ settings: null })).body.user.settings).toEqual({ pg_allow_replication: true })
    const off = await put({ settings: {} })
    expect([off.status, off.body.user]).toEqual([
      201,
      { name, role: 'normal', settings: { pg_allow_replication: false }, rolecall: { managed: true } },
    ])
    expect((await get(name)).body.user).not.toHaveProperty('settings')
    expect(await logsIn(server, name, password)).toBe(true)
  })

  test('no body at all changes nothing', async () => {
    const name = aName()
    await add(name)
    const headers = { 'content-type': 'application/json' }
    expect((await ocean.ask('PUT', `${users}/${name}`, { headers })).status).toBe(201)
    expect((await ocean.ask('PUT', `${users}/${name}`)).status).toBe(201)
  })

  test('another engine’s setting is 422, and changes nothing', async () => {
    const name = aName()
    await add(name)
    const settings = { pg_allow_replication: true, acl: [{ topic: 'a', permission: 'consume' }] }
    expect((await ocean.ask('PUT', `${users}/${name}`, { body: { settings } })).status).toBe(422)
    expect((await get(name)).body.user).not.toHaveProperty('settings')
  })

  test.each([{}, { settings: {} }])('nobody of the name is 404: %j', async body => {
    const answer = await ocean.ask('PUT', `${users}/nobody`, { body })
    expect([answer.status, answer.body.message]).toEqual([404, 'user not found'])
  })
})

describe('deleting', () => {
  test('ends open sessions first, and a second one is 404', async () => {
    const name = aName()
    const { password } = (await add(name)).body.user
    const { ended } = await openSession(server, name, password)
    expect((await drop(name)).status).toBe(204)
    await ended
    expect(await logsIn(server, name, password)).toBe(false)
    const again = await drop(name)
    expect([again.status, again.body.message]).toEqual([404, 'user not found'])
  })

  test('who owns objects stays, and is told how many', async () => {
    const name = aName()
    await add(name)
    await sql(`create table ${name}_one (); alter table ${name}_one owner to ${name}`)
    const { status, body } = await drop(name)
    expect([status, body.id]).toEqual([422, 'unprocessable_entity'])
    expect(body.message).toMatch(/owns 1 table/)
    expect((await get(name)).status).toBe(200)
    await sql(`drop table ${name}_one`)
    expect((await drop(name)).status).toBe(204)
  })

  test('the primary login stays', async () => {
    expect((await drop(server.username)).status).toBe(422)
    expect((await get(server.username)).body.user.role).toBe('primary')
  })
})

describe('resetting', () => {
  const reset = (name: string, asking: object = {}) => ocean.ask('POST', `${users}/${name}/reset_auth`, asking)

  test.each([
    {},
    { body: {} },
    { body: { settings: { acl: [] } } },
    { body: { mysql_settings: null } },
    { headers: { 'content-type': 'application/json' } },
  ])('trap 8: %j gives a new password, and the old one is refused from then on', async asking => {
    const name = aName()
    const { password: old } = (await add(name)).body.user
    const { status, body } = await reset(name, asking)
    expect([status, Object.keys(body.user).toSorted()]).toEqual([200, ['name', 'password', 'role', 'rolecall']])
    expect(await logsIn(server, name, body.user.password)).toBe(true)
    expect(await logsIn(server, name, old)).toBe(false)
  })

  test('every one makes another', async () => {
    const name = aName()
    await add(name)
    const passwords = []
    for (let at = 0; at < 3; at++) passwords.push((await reset(name)).body.user.password)
    expect(new Set(passwords).size).toBe(3)
    expect(await logsIn(server, name, passwords[2])).toBe(true)
  })

  test('a plugin is 422 here, and keeps the password', async () => {
    const name = aName()
    const { password } = (await add(name)).body.user
    const body = { mysql_settings: { auth_plugin: 'caching_sha2_password' } }
    expect((await reset(name, { body })).status).toBe(422)
    expect(await logsIn(server, name, password)).toBe(true)
  })

  test('nobody of the name is 404', async () => {
    expect((await reset('nobody')).body.message).toBe('user not found')
  })
})

describe('the primary login', () => {
  test('is reset together with the connection that uses it, and only where its password is kept here', async () => {
    const name = aName()
    await sql(`create role ${name} login superuser password 'first of the primary'`)
    const own = { ...server, username: name, password: 'first of the primary', log: undefined }
    await using made = await aDigitalOcean()
    const { instance: id } = await made.running.connect(own)
    const path = `/v2/databases/${id}/users/${name}/reset_auth`
    const { status, body } = await made.ask('POST', path)
    expect([status, body.user.role]).toEqual([200, 'primary'])
    expect(await logsIn(server, name, body.user.password)).toBe(true)
    expect((await made.ask('GET', `/v2/databases/${id}/users/${name}`)).status).toBe(200)
  })

  test('whose password comes from outside is not reset', async () => {
    process.env.DO_TEST_PASSWORD = server.password
    await using made = await aDigitalOcean({ flags: { '--credentials-allow': 'env:DO_TEST_PASSWORD' } })
    const { instance: id } = await made.running.connect(server, { password: 'env:DO_TEST_PASSWORD' })
    const { status, body } = await made.ask('POST', `/v2/databases/${id}/users/${server.username}/reset_auth`)
    expect([status, body.id]).toEqual([422, 'unprocessable_entity'])
  })
})

describe('stored passwords', () => {
  test('are shown on list and get, where policy keeps them, to tokens that may read them', async () => {
    await using made = await aDigitalOcean({ flags: { '--policy-password-recall': 'stored' } })
    const { instance: id } = await made.running.connect(server)
    const path = `/v2/databases/${id}/users`
    const name = aName()
    const { password } = (await made.ask('POST', path, { body: { name } })).body.user
    const shown = async (asking?: object) => {
      const { users: all } = (await made.ask('GET', path, asking)).body
      const inList = all.find((user: { name: string }) => user.name === name)
      const { user } = (await made.ask('GET', `${path}/${name}`, asking)).body
      expect(inList).toEqual(user)
      return user.password
    }
    expect(await shown()).toBe(password)
    expect(await shown({ key: await made.aToken('editor') })).toBe(password)
    expect(await shown({ key: await made.aToken('viewer') })).toBeUndefined()
    expect(await shown({ key: await made.aToken('admin', ['database:read']) })).toBeUndefined()
    expect(await shown({ key: await made.aToken('editor', ['database:read', 'database:view_credentials']) })).toBe(
      password,
    )
    const { body } = await made.ask('POST', `${path}/${name}/reset_auth`)
    expect(await shown()).toBe(body.user.password)
    await made.running.native('PATCH', `/instances/${id}`, { body: { policy: { passwordRecall: 'never' } } })
    expect(await shown()).toBeUndefined()
  })
})

describe('scopes', () => {
  test('each opens its own verbs, and a token without view_credentials is told no password', async () => {
    const creator = await ocean.aToken('editor', ['database:create'])
    const name = aName()
    const made = await ocean.ask('POST', users, { body: { name }, key: creator })
    expect([made.status, Object.keys(made.body.user)]).toEqual([201, ['name', 'role', 'rolecall']])
    expect((await ocean.ask('GET', users, { key: creator })).status).toBe(403)
    expect((await ocean.ask('DELETE', `${users}/${name}`, { key: creator })).body.id).toBe('forbidden')
    const updater = await ocean.aToken('editor', ['database:update'])
    expect((await ocean.ask('PUT', `${users}/${name}`, { body: {}, key: updater })).status).toBe(201)
    const reset = await ocean.ask('POST', `${users}/${name}/reset_auth`, { key: updater })
    expect([reset.status, reset.body.user.password]).toEqual([200, undefined])
    const deleter = await ocean.aToken('editor', ['database:delete'])
    expect((await ocean.ask('DELETE', `${users}/${name}`, { key: deleter })).status).toBe(204)
  })

  test('are asked before anything is looked up', async () => {
    const key = await ocean.aToken('owner', ['tag:read'])
    const nowhere = users.replace(instance, '5b0c6a52-8f0e-4a57-9d0f-2f6c7a1d9e10')
    for (const path of [users, nowhere]) expect((await ocean.ask('GET', path, { key })).status).toBe(403)
  })

  test('a viewer changes nothing', async () => {
    expect((await ocean.ask('POST', users, { body: { name: 'x' }, key: await ocean.aToken('viewer') })).status).toBe(
      403,
    )
  })
})
