import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { newProjectId } from '../../../src/domain/id.ts'
import { Secret } from '../../../src/domain/secret.ts'
import { aProject } from '../../store/builders.ts'
import { anotherProject, aPerson } from '../../support/people.ts'
import { aTrove, type Trove } from './trove.ts'

let trove: Trove
const base = 'http://localhost:80'

beforeAll(async () => {
  trove = await aTrove({ flags: { '--limits-rate-per-minute': '100000' } })
  const { store } = trove.running.app
  const project = (await store.read.projects.find(trove.running.project))!
  await store.transaction(tables => tables.projects.save({ ...project, alias: '1234' }))
})
afterAll(() => trove?.[Symbol.asyncDispose]())

const secret = () => trove.running.key.privateKey
const post = (path: string, auth: object) => trove.ask('POST', path, { key: null, body: { auth } })
const v3 = (auth: object) => post('/identity/v3/auth/tokens', auth)
const v2 = (auth: object, path = '/identity/v2.0/tokens') => post(path, auth)
const byPassword = (name = 'tester', password = secret()) => ({
  identity: { methods: ['password'], password: { user: { name, domain: { id: 'default' }, password } } },
})
const tokenOf = ({ headers }: { headers: Readonly<Record<string, string>> }) => headers['x-subject-token']!
const works = async (token: string, account = '1234') =>
  (await trove.ask('GET', `/v1.0/${account}/instances`, { key: token })).status

const REFUSED = {
  error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' },
}

describe('version 3', () => {
  test('issues a token for a password, with the catalogue', async () => {
    const made = await v3({ ...byPassword(), scope: { project: { name: '1234', domain: { id: 'default' } } } })
    expect([made.status, made.headers.vary]).toEqual([201, 'X-Auth-Token'])
    const { token } = made.body
    const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    expect(token).toMatchObject({
      methods: ['password'],
      issued_at: moment,
      expires_at: moment,
      audit_ids: [expect.any(String)],
      user: { id: trove.running.operator, name: 'tester', domain: { id: 'default', name: 'Default' } },
      project: { id: '1234', name: '1234', domain: { id: 'default', name: 'Default' } },
      roles: [{ name: 'admin' }, { name: 'member' }, { name: 'reader' }],
    })
    expect(Date.parse(token.expires_at) - Date.parse(token.issued_at)).toBe(8 * 3_600_000)
    const services = token.catalog.map(({ type, name }: { type: string; name: string }) => [type, name])
    expect(services).toEqual([
      ['database', 'trove'],
      ['rax:database', 'cloudDatabases'],
      ['identity', 'keystone'],
    ])
    for (const { endpoints } of token.catalog.slice(0, 2)) {
      expect(endpoints.map((one: { interface: string }) => one.interface)).toEqual(['public', 'internal', 'admin'])
      for (const one of endpoints)
        expect(one).toMatchObject({ region: 'RegionOne', region_id: 'RegionOne', url: `${base}/v1.0/1234` })
    }
    expect(await works(tokenOf(made))).toBe(200)
    expect(await works(tokenOf(made), trove.running.project)).toBe(200)
    expect(await works(tokenOf(made), '4321')).toBe(403)
  })

  const asCredential = (own: object) => ({
    identity: { methods: ['application_credential'], application_credential: own },
  })
  const WAYS: readonly (readonly [string, () => object])[] = [
    [
      'the operator’s id',
      () => ({
        identity: { methods: ['password'], password: { user: { id: trove.running.operator, password: secret() } } },
      }),
    ],
    ['the key’s public half', () => byPassword(trove.running.key.publicKey)],
    ['a project by id', () => ({ ...byPassword(), scope: { project: { id: trove.running.project } } })],
    [
      'a project by name, without its domain, and a stray member',
      () => ({ ...byPassword(), scope: { project: { name: 'test' } }, tenantName: 'x' }),
    ],
    ['no scope', () => byPassword()],
    ['an application credential by id', () => asCredential({ id: trove.running.key.publicKey, secret: secret() })],
    [
      'an application credential by name',
      () => asCredential({ name: trove.running.key.publicKey, user: { name: 'tester' }, secret: secret() }),
    ],
    ['a key as a token', () => ({ identity: { methods: ['token'], token: { id: secret() } } })],
  ]
  test.each(WAYS)('takes %s', async (_what, auth) => {
    const made = await v3(auth())
    expect([made.status, made.body.token?.project.id]).toEqual([201, '1234'])
    expect(await works(tokenOf(made))).toBe(200)
  })

  const BAD: readonly (readonly [string, () => object, number])[] = [
    ['another password', () => byPassword('tester', 'x'.repeat(40)), 401],
    ['another’s name', () => byPassword('somebody'), 401],
    ['a project that is not there', () => ({ ...byPassword(), scope: { project: { name: 'none' } } }), 401],
    ['a token that nobody issued', () => ({ identity: { methods: ['token'], token: { id: 'rct-none' } } }), 401],
    ['no method', () => ({ identity: { methods: [] } }), 400],
    ['a method without its part', () => ({ identity: { methods: ['password'] } }), 400],
    ['an unknown method', () => ({ identity: { methods: ['saml2'] } }), 400],
    ['nothing', () => ({}), 400],
  ]
  test.each(BAD)('refuses %s', async (_what, auth, status) => {
    const answer = await v3(auth())
    expect([answer.status, answer.body.error.code]).toEqual([status, status])
    if (status === 401) expect(answer.body).toEqual(REFUSED)
    expect(answer.text).not.toContain(secret())
  })

  test('makes a token of a token, which ends no later', async () => {
    const first = await v3(byPassword())
    const again = await v3({
      identity: { methods: ['token'], token: { id: tokenOf(first) } },
      scope: { project: { id: '1234' } },
    })
    expect([again.status, again.body.token.methods]).toEqual([201, ['password', 'token']])
    expect(again.body.token.expires_at).toBe(first.body.token.expires_at)
  })

  test('tells what a token is good for, and ends it', async () => {
    const made = await v3(byPassword())
    const token = tokenOf(made)
    const about = { key: secret(), headers: { 'x-subject-token': token } }
    const seen = await trove.ask('GET', '/identity/v3/auth/tokens', about)
    expect([seen.status, seen.body, tokenOf(seen)]).toEqual([200, made.body, token])
    const own = await trove.ask('GET', '/identity/v3/auth/tokens', { ...about, key: token })
    expect(own.status).toBe(200)
    expect((await trove.ask('GET', '/identity/v3/auth/catalog', { key: token })).body.catalog).toEqual(
      made.body.token.catalog,
    )
    const stranger = await trove.aKey('admin')
    expect((await trove.ask('DELETE', '/identity/v3/auth/tokens', { ...about, key: stranger })).status).toBe(403)
    const ended = await trove.ask('DELETE', '/identity/v3/auth/tokens', about)
    expect([ended.status, ended.text]).toEqual([204, ''])
    expect(await works(token)).toBe(401)
    expect((await trove.ask('GET', '/identity/v3/auth/tokens', about)).status).toBe(404)
    expect((await trove.ask('GET', '/identity/v3/auth/tokens', { key: null })).body).toEqual(REFUSED)
  })
})

describe('version 2', () => {
  const AT = ['/identity/v2.0/tokens', '/v2.0/tokens']
  const WAYS: readonly (readonly [string, () => object])[] = [
    ['a password', () => ({ passwordCredentials: { username: 'tester', password: secret() }, tenantName: '1234' })],
    ['a password and no tenant', () => ({ passwordCredentials: { username: 'tester', password: secret() } })],
    [
      'a password and a tenant’s id',
      () => ({ passwordCredentials: { username: 'tester', password: secret() }, tenantId: trove.running.project }),
    ],
    ['an API key', () => ({ 'RAX-KSKEY:apiKeyCredentials': { username: 'tester', apiKey: secret() } })],
    ['a token', () => ({ token: { id: secret() }, tenantName: '1234' })],
  ]
  test.each(WAYS)('issues a token for %s', async (_what, auth) => {
    for (const path of AT) {
      const { status, body } = await v2(auth(), path)
      expect(status).toBe(200)
      const { token, serviceCatalog, user, metadata } = body.access
      expect(token).toEqual({
        id: expect.any(String),
        issued_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/),
        expires: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
        tenant: { id: '1234', name: '1234', enabled: true, description: null },
      })
      expect(Date.parse(token.expires) - Date.now()).toBeGreaterThan(5 * 60_000)
      expect(user).toMatchObject({ name: 'tester', username: 'tester', roles_links: [] })
      expect(metadata).toEqual({ is_admin: 1, roles: [] })
      const url = `${base}/v1.0/1234`
      const endpoint = { tenantId: '1234', publicURL: url, internalURL: url, adminURL: url }
      const services = serviceCatalog.slice(0, 2)
      expect(services).toEqual([
        {
          type: 'database',
          name: 'trove',
          endpoints_links: [],
          endpoints: [{ region: 'RegionOne', ...endpoint }, endpoint],
        },
        {
          type: 'rax:database',
          name: 'cloudDatabases',
          endpoints_links: [],
          endpoints: [{ region: 'RegionOne', ...endpoint }, endpoint],
        },
      ])
      expect(await works(token.id)).toBe(200)
    }
  })

  test('lists the projects that a token opens', async () => {
    for (const path of ['/identity/v2.0/tenants', '/v2.0/tenants']) {
      const { body } = await trove.ask('GET', path)
      expect(body.tenants).toEqual([{ id: '1234', name: '1234', enabled: true }])
      expect((await trove.ask('GET', path, { key: null })).body).toEqual(REFUSED)
    }
  })

  test('refuses what is wrong in the form of identity faults', async () => {
    expect((await v2({ passwordCredentials: { username: 'tester', password: 'x' } })).body).toEqual(REFUSED)
    expect((await v2({})).body.error.code).toBe(400)
    const broken = await trove.ask('POST', '/v2.0/tokens', { key: null, payload: `{"auth": {"password": "${secret()}` })
    expect([broken.status, broken.body.error.title]).toEqual([400, 'Bad Request'])
    expect((await trove.ask('PUT', '/v2.0/tokens', { key: null })).body.error.code).toBe(405)
    expect((await trove.ask('GET', '/identity/none', { key: null })).body.error.code).toBe(404)
  })
})

describe('a project that is asked for by its name', () => {
  /** One whose id sorts before all others, and that the first operator's key opens, too. */
  async function aProjectCalled(name: string, id: string): Promise<string> {
    const { app, operator, key } = trove.running
    await app.store.transaction(async tables => {
      await tables.projects.add(aProject({ id, name }))
      await tables.members.set(id, operator, 'viewer', await tables.now())
      await tables.keys.setProject(key.id, { projectId: id, role: 'viewer' })
    })
    return id
  }
  const scopedTo = async (name: string) => {
    const answer = await v3({ ...byPassword(), scope: { project: { name, domain: { id: 'default' } } } })
    const older = await v2({ passwordCredentials: { username: 'tester', password: secret() }, tenantName: name })
    expect(older.body.access?.token.tenant.id).toBe(answer.body.token?.project.id)
    return answer
  }

  test('is no other that has the name, too: then it has to be named by its id or alias', async () => {
    const first = await aProjectCalled('twins', '000000000000000000000001')
    expect((await scopedTo('twins')).body.token.project.id).toBe(first)
    const second = await aProjectCalled('twins', '000000000000000000000002')
    const refused = await scopedTo('twins')
    const message = 'More than one of your projects has this name: ask for it by its id or alias.'
    expect([refused.status, refused.body]).toEqual([409, { error: { code: 409, title: 'Conflict', message } }])
    for (const id of [first, second]) expect((await scopedTo(id)).body.token.project.id).toBe(id)
  })

  test('is no other that is named as its alias or id is', async () => {
    await aProjectCalled('1234', '000000000000000000000003')
    await aProjectCalled(trove.running.project, '000000000000000000000004')
    for (const name of ['1234', trove.running.project])
      expect((await scopedTo(name)).body.token.project.id).toBe('1234')
    const gone = newProjectId()
    await aProjectCalled(gone, '000000000000000000000005')
    expect((await scopedTo(gone)).status).toBe(401)
  })

  test('is no other that took an id for its alias: an alias has no such form', async () => {
    const { running } = trove
    const wish = { name: 'Taken', alias: newProjectId() }
    const made = await running.native('POST', '/projects', { body: wish })
    const changed = await running.native('PATCH', `/projects/${running.project}`, { body: { alias: wish.alias } })
    expect([made.status, changed.status]).toEqual([422, 422])
    expect(made.body.errors).toEqual([{ pointer: '/alias', detail: 'must not look like the id of a project' }])
  })
})

test('the version documents are what clients ask for first', async () => {
  for (const path of ['/identity', '/identity/']) {
    const { status, body } = await trove.ask('GET', path, { key: null })
    const ids = body.versions.values.map(({ id, links }: { id: string; links: { href: string }[] }) => [
      id,
      links[0]!.href,
    ])
    expect([status, ids]).toEqual([
      300,
      [
        ['v3.14', `${base}/identity/v3/`],
        ['v2.0', `${base}/identity/v2.0/`],
      ],
    ])
  }
  expect((await trove.ask('GET', '/identity/v3', { key: null })).body.version).toMatchObject({
    id: 'v3.14',
    status: 'stable',
  })
  expect((await trove.ask('GET', '/identity/v2.0/', { key: null })).body.version.id).toBe('v2.0')
})

describe('a token', () => {
  let person: Awaited<ReturnType<typeof aPerson>>
  const issued = async () => {
    const { id, key } = person
    const made = await v3({ identity: { methods: ['password'], password: { user: { id, password: key } } } })
    return { token: tokenOf(made), body: made.body }
  }
  beforeEach(async () => {
    person = await aPerson(trove.running.app.store, trove.running.project, 'editor')
  })

  const ROLES = { viewer: ['reader'], editor: ['member', 'reader'], admin: ['admin', 'member', 'reader'] } as const
  test.each(Object.entries(ROLES))('of a %s has the roles %j', async (role, roles) => {
    person = await aPerson(trove.running.app.store, trove.running.project, role as 'viewer')
    const { body } = await issued()
    expect(body.token.roles.map(({ name }: { name: string }) => name)).toEqual(roles)
  })

  test('is good for one project, whatever else its key opens', async () => {
    const { store } = trove.running.app
    const other = await anotherProject(store)
    await store.transaction(async tables => {
      await tables.members.set(other, person.id, 'admin', await tables.now())
      await tables.keys.setProject(person.keyId, { projectId: other, role: 'admin' })
    })
    const { token } = await issued()
    expect([await works(token), await works(token, other), await works(person.key, other)]).toEqual([200, 403, 200])
  })

  test('ends with its key, its operator, and its membership', async () => {
    const { store } = trove.running.app
    const { token } = await issued()
    await store.transaction(tables => tables.members.remove(trove.running.project, person.id))
    expect(await works(token)).toBe(403)
    await store.transaction(async tables =>
      tables.members.set(trove.running.project, person.id, 'viewer', await tables.now()),
    )
    expect(await works(token)).toBe(200)
    await store.transaction(tables => tables.keys.revoke(person.keyId, 1))
    expect(await works(token)).toBe(401)
  })

  test('ends on time, and no later than its key', async () => {
    const { store } = trove.running.app
    const soon = Date.now() + 3_600_000
    person = await aPerson(store, trove.running.project, 'viewer', { key: { expiresAt: soon } })
    const { body } = await issued()
    expect(Date.parse(body.token.expires_at)).toBe(soon)
    const over = new Secret('rct-over')
    const times = { issuedAt: 1, expiresAt: Date.now() - 1 }
    const token = { id: 'over', keyId: person.keyId, projectId: trove.running.project, methods: ['password'], ...times }
    await store.transaction(tables => tables.tokens.add(token, over))
    expect(await works(over.reveal())).toBe(401)
  })
})

test('a key’s private half is itself a token', async () => {
  expect([await works(secret()), await works(secret(), trove.running.project), await works('notused')]).toEqual([
    200, 200, 401,
  ])
})
