import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Role } from '../../../../src/domain/users/role.ts'
import { anotherProject, aPerson } from '../../../support/people.ts'
import { postgresqlServer } from '../../../support/servers.ts'
import { aTrove, type Trove, XML } from '../trove.ts'

/** Ways in without a token of one's own: shut, until a setting opens them. */
const NOBODY = { key: null, headers: { 'x-auth-token': 'notused' } }
const basic = (name: string, password: string) => ({
  key: null,
  headers: { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}` },
})

test('where no setting says so, nobody gets in with nothing, nor with a name and a password alone', async () => {
  await using shut = await aTrove()
  const { publicKey, privateKey } = shut.running.key
  expect((await shut.api('GET', '/instances', NOBODY)).status).toBe(401)
  expect((await shut.api('GET', '/instances', basic(publicKey, privateKey))).status).toBe(401)
})

describe('callers that bring no token', () => {
  let trove: Trove
  let at: string
  const PUBLIC = 'passerby'

  /** A key of that public half, which the setting named before there was one. */
  async function standIn(role: Role, networks: readonly string[] = []) {
    const { app, project } = trove.running
    const elsewhere = await anotherProject(app.store)
    const projects = [project, elsewhere].map(projectId => ({ projectId, role }))
    const person = await aPerson(app.store, project, role, { key: { publicKey: PUBLIC, projects, networks } })
    await app.store.transaction(async tables => tables.members.set(elsewhere, person.id, role, await tables.now()))
    return { ...person, elsewhere }
  }
  const revoke = ({ keyId }: { keyId: string }) =>
    trove.running.app.store.transaction(tables => tables.keys.revoke(keyId, Date.now()))

  beforeAll(async () => {
    trove = await aTrove({ flags: { '--trove-anonymous': PUBLIC } })
    at = await trove.manage(await postgresqlServer(), { instanceName: 'open' })
  })
  afterAll(() => trove?.[Symbol.asyncDispose]())

  test('are refused while there is no such key, act as the key, in its home project alone, and are refused after its end', async () => {
    expect((await trove.api('GET', '/instances', NOBODY)).status).toBe(401)
    const person = await standIn('viewer')

    expect((await trove.api('GET', `${at}/users`, NOBODY)).status).toBe(200)
    expect((await trove.ask('GET', `/v1.0/${person.elsewhere}/instances`, NOBODY)).status).toBe(403)
    expect((await trove.ask('GET', `/v1.0/${person.elsewhere}/instances`, { key: person.key })).status).toBe(200)
    const refused = await trove.api('POST', `${at}/users`, { ...NOBODY, body: { users: [] } })
    expect([refused.status, Object.keys(refused.body)]).toEqual([403, ['forbidden']])
    for (const token of ['', 'Notused', 'notused ', PUBLIC])
      expect((await trove.api('GET', '/instances', { key: null, headers: { 'x-auth-token': token } })).status).toBe(401)

    await revoke(person)
    expect((await trove.api('GET', '/instances', NOBODY)).status).toBe(401)
  })
})

describe('a stand-in', () => {
  test('lets in from the networks of its key alone, and what it does is said to be its doing', async () => {
    await using trove = await aTrove({ flags: { '--trove-anonymous': 'passerby' } })
    const { app, project } = trove.running
    const at = await trove.manage(await postgresqlServer(), { instanceName: 'open' })
    const { id, keyId } = await aPerson(app.store, project, 'editor', {
      key: { publicKey: 'passerby', networks: ['127.0.0.0/8'] },
    })
    const made = await trove.api('POST', `${at}/databases`, {
      ...NOBODY,
      body: { databases: [{ name: `anon_${keyId}` }] },
    })
    expect(made.status).toBe(202)
    const { body } = await trove.running.native('GET', `/projects/${project}/operations?limit=1`)
    expect(body.items).toMatchObject([{ kind: 'create-database', operator: id, key: keyId }])
    expect((await trove.api('DELETE', `${at}/databases/anon_${keyId}`, NOBODY)).status).toBe(202)
    const elsewhere = await app.http.inject({
      url: `/v1.0/${project}/instances`,
      headers: NOBODY.headers,
      remoteAddress: '10.9.9.9',
    })
    expect(elsewhere.statusCode).toBe(401)
  })
})

describe('a name and a password with each request', () => {
  let trove: Trove
  beforeAll(async () => {
    trove = await aTrove({ flags: { '--trove-http-basic': 'true' } })
  })
  afterAll(() => trove?.[Symbol.asyncDispose]())

  test('are the operator’s and a key’s, in each of their forms', async () => {
    const { key, operator, app } = trove.running
    const { username } = (await app.store.read.operators.find(operator))!
    for (const name of [username, operator, key.publicKey])
      expect([name, (await trove.api('GET', '/instances', basic(name, key.privateKey))).status]).toEqual([name, 200])
  })

  test('are refused where they do not belong together, or can not be read', async () => {
    const { key } = trove.running
    const asked = [
      basic('somebody', key.privateKey),
      basic(key.publicKey, 'wrong'),
      basic(key.publicKey, ''),
      ...['Basic', 'Basic !!!', `Basic ${Buffer.from('no colon').toString('base64')}`, `Bearer ${key.privateKey}`].map(
        authorization => ({ key: null, headers: { authorization } }),
      ),
    ]
    for (const one of asked) {
      const { status, headers } = await trove.api('GET', '/instances', one)
      expect([status, headers['www-authenticate']]).toEqual([401, 'Keystone uri="http://localhost:80/identity"'])
    }
  })

  test('count less than a token beside them', async () => {
    const { key } = trove.running
    const right = basic(key.publicKey, key.privateKey).headers
    const { status, text } = await trove.api('GET', '/instances', {
      key: null,
      headers: { ...right, 'x-auth-token': 'wrong', ...XML },
    })
    expect([status, text.startsWith('<unauthorized code="401"')]).toEqual([401, true])
  })
})
