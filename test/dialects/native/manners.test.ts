import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { postgresqlServer } from '../../support/servers.ts'

let rolecall: RunningApp
let users: string
let projectPath: string

beforeAll(async () => {
  rolecall = await aRunningApp({ flags: { '--limits-rate-per-minute': '1000' } })
  users = `/instances/${(await rolecall.connect(await postgresqlServer())).instance}/users`
  projectPath = `/projects/${rolecall.project}`
})

afterAll(() => rolecall?.[Symbol.asyncDispose]())

describe('a key', () => {
  test.each(['Bearer', 'bearer', 'Token', 'TOKEN'])('opens the door as %s', async scheme => {
    const headers = { authorization: `${scheme}   ${rolecall.key.privateKey}` }
    expect((await rolecall.native('GET', '', { key: null, headers })).status).toBe(200)
  })

  test.each([undefined, 'Bearer', 'Bearer x', 'Basic eDp5', 'Bearer a b'])(
    'is wanted: %j is 401',
    async authorization => {
      const headers: Record<string, string> = authorization ? { authorization } : {}
      const answer = await rolecall.native('GET', '', { key: null, headers })
      expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="rolecall"'])
      expect(answer.body.type).toBe('urn:rolecall:fault:unauthenticated')
    },
  )

  test('is asked for before a path, a thing or a body is looked at', async () => {
    for (const path of ['/nowhere', '/instances/none', '/projects/none/keys']) {
      expect(
        (
          await rolecall.native('POST', path, {
            key: null,
            payload: '{',
            headers: { 'content-type': 'application/json' },
          })
        ).status,
      ).toBe(401)
    }
  })

  test('is made with a role, an end and networks, and its private half is shown once', async () => {
    const body = {
      role: 'viewer',
      description: 'for CI',
      networks: ['127.0.0.0/8'],
      expiresAt: '2099-01-01T00:00:00.000Z',
    }
    const made = await rolecall.native('POST', `${projectPath}/keys`, { body })
    expect([made.status, made.body]).toMatchObject([201, body])
    expect(made.body.headers).toHaveLength(4)
    const read = await rolecall.native('GET', `${projectPath}/keys/${made.body.id}`)
    expect(read.text).not.toContain(made.body.private)
    const key = made.body.private
    expect((await rolecall.native('GET', users, { key })).status).toBe(200)
    expect((await rolecall.native('POST', users, { key, body: { name: 'never' } })).status).toBe(403)
    expect((await rolecall.native('DELETE', `${projectPath}/keys/${made.body.id}`)).status).toBe(204)
    expect((await rolecall.native('GET', users, { key })).status).toBe(401)
  })

  test('opens nothing after its end, or from another network', async () => {
    const elsewhere = await rolecall.native('POST', `${projectPath}/keys`, {
      body: { role: 'owner', networks: ['10.0.0.0/8'] },
    })
    expect((await rolecall.native('GET', '', { key: elsewhere.body.private })).status).toBe(401)
    const past = await rolecall.native('POST', `${projectPath}/keys`, {
      body: { role: 'owner', expiresAt: '2020-01-01T00:00:00Z' },
    })
    expect([past.status, past.body.errors[0].pointer]).toEqual([422, '/expiresAt'])
    const soon = new Date(Date.now() + 300).toISOString()
    const brief = await rolecall.native('POST', `${projectPath}/keys`, { body: { role: 'owner', expiresAt: soon } })
    await new Promise(resolve => setTimeout(resolve, 350))
    expect((await rolecall.native('GET', '', { key: brief.body.private })).status).toBe(401)
  })

  test('makes no key that is stronger than itself, and revokes none', async () => {
    const editor = await rolecall.native('POST', `${projectPath}/keys`, { body: { role: 'editor' } })
    const stronger = await rolecall.native('POST', `${projectPath}/keys`, {
      key: editor.body.private,
      body: { role: 'admin' },
    })
    expect(stronger.status).toBe(403)
    const known = await rolecall.native('DELETE', `${projectPath}/keys/${rolecall.key.id}`, {
      key: editor.body.private,
    })
    expect(known.status).toBe(403)
  })
})

describe('rights', () => {
  test('what is in another project can not be told from what is not there', async () => {
    const { body: project } = await rolecall.native('POST', '/projects', { body: { name: 'other' } })
    const { body: key } = await rolecall.native('POST', `/projects/${project.id}/keys`, { body: { role: 'owner' } })
    const instance = users.split('/')[2]!
    const missing = '00000000-0000-4000-8000-000000000000'
    for (const path of [
      `/instances/${instance}`,
      users,
      `/instances/${instance}/databases`,
      projectPath,
      `${projectPath}/operations`,
    ]) {
      const foreign = await rolecall.native('GET', path, { key: key.private })
      const nowhere = await rolecall.native(
        'GET',
        path.replace(instance, missing).replace(rolecall.project, 'f'.repeat(24)),
        { key: key.private },
      )
      const blank = (text: string) => text.replaceAll(/[0-9a-f-]{24,36}/g, 'ID')
      expect([foreign.status, blank(foreign.text)]).toEqual([404, blank(nowhere.text)])
    }
  })
})

describe('a thing of the store', () => {
  test('carries an ETag, and a change that was made on an older one is refused', async () => {
    const { body, headers } = await rolecall.native('POST', '/projects', { body: { name: 'tagged' } })
    const path = `/projects/${body.id}`
    const first = await rolecall.native('PATCH', path, {
      body: { alias: '1234' },
      headers: { 'if-match': headers.etag! },
    })
    expect([first.status, first.body.alias]).toEqual([200, '1234'])
    const second = await rolecall.native('PATCH', path, {
      body: { alias: null },
      headers: { 'if-match': headers.etag! },
    })
    expect([second.status, second.body.type]).toEqual([412, 'urn:rolecall:fault:precondition-failed'])
    expect((await rolecall.native('DELETE', path, { headers: { 'if-match': '"99"' } })).status).toBe(412)
    expect((await rolecall.native('DELETE', path, { headers: { 'if-match': first.headers.etag! } })).status).toBe(204)
    expect((await rolecall.native('GET', path)).status).toBe(404)
  })

  test('a project with instances is not deleted, and its last owner stays', async () => {
    expect((await rolecall.native('DELETE', projectPath)).body.type).toBe('urn:rolecall:fault:in-use')
    const demoted = await rolecall.native('PUT', `${projectPath}/members/${rolecall.operator}`, {
      body: { role: 'viewer' },
    })
    expect(demoted.status).toBe(409)
    expect((await rolecall.native('DELETE', `${projectPath}/members/${rolecall.operator}`)).status).toBe(409)
    expect((await rolecall.native('GET', `${projectPath}/members`)).body.items).toMatchObject([
      { username: 'tester', role: 'owner' },
    ])
  })
})

describe('Idempotency-Key', () => {
  const create = (key: string, body: object) =>
    rolecall.native('POST', users, { body, headers: { 'idempotency-key': key } })

  test('the same request again gets the first answer, password included', async () => {
    const first = await create('again', { name: 'idem_again' })
    const second = await create('again', { name: 'idem_again' })
    expect([second.status, second.text]).toEqual([201, first.text])
    expect(second.headers['idempotency-replayed']).toBe('true')
    expect((await rolecall.native('POST', users, { body: { name: 'idem_again' } })).status).toBe(409)
    await rolecall.native('DELETE', `${users}/idem_again`)
  })

  test('ten at once are one', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => create('at-once', { name: 'idem_once' })))
    expect(new Set(answers.map(answer => answer.text)).size).toBe(1)
    expect(answers[0]!.status).toBe(201)
    await rolecall.native('DELETE', `${users}/idem_once`)
  })

  test('with another request it is refused', async () => {
    await create('other', { name: 'pg_refused' })
    const other = await create('other', { name: 'idem_other' })
    expect([other.status, other.body.type]).toEqual([422, 'urn:rolecall:fault:idempotency-mismatch'])
  })

  test('a refusal is an answer like any other', async () => {
    const first = await create('refused', { name: 'pg_refused' })
    expect([first.status, (await create('refused', { name: 'pg_refused' })).text]).toEqual([422, first.text])
  })

  test('a change of the store alone is an answer too, a deletion among them', async () => {
    const { connection } = await rolecall.connect(await postgresqlServer(), { host: 'localhost' })
    const asking = (body?: object) => ({ body, headers: { 'idempotency-key': `store ${body ? 'patch' : 'delete'}` } })
    const twice = async (method: 'PATCH' | 'DELETE', body?: object) => {
      const ask = () => rolecall.native(method, `/connections/${connection}`, asking(body))
      return [await ask(), await ask()] as const
    }
    const [patched, patchedAgain] = await twice('PATCH', { name: 'idem renamed' })
    expect([patchedAgain.status, patchedAgain.text, patchedAgain.headers.etag]).toEqual([200, patched.text, '"2"'])
    const [gone, goneAgain] = await twice('DELETE')
    expect([gone.status, goneAgain.status, goneAgain.text]).toEqual([204, 204, ''])
    expect(goneAgain.headers['idempotency-replayed']).toBe('true')
    expect((await rolecall.native('DELETE', `/connections/${connection}`)).status).toBe(404)
  })

  test('is nothing that keys are made with', async () => {
    const make = () =>
      rolecall.native('POST', `${projectPath}/keys`, {
        body: { role: 'viewer' },
        headers: { 'idempotency-key': 'key' },
      })
    expect((await make()).body.private).not.toBe((await make()).body.private)
  })
})

describe('every answer', () => {
  test('tells what is left of the key, and a request id: the caller its own where it is sane', async () => {
    const answer = await rolecall.native('GET', '', { headers: { 'x-request-id': 'my.own:id' } })
    expect(answer.headers).toMatchObject({
      'x-request-id': 'my.own:id',
      'cache-control': 'no-store',
      'ratelimit-policy': '"key";q=1000;w=60',
    })
    expect(answer.headers.ratelimit).toMatch(/^"key";r=\d+;t=\d+$/)
    const insane = await rolecall.native('GET', '', { headers: { 'x-request-id': 'a b' } })
    expect(insane.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('for a wrong method names the right ones; for a wrong path is a problem too', async () => {
    const put = await rolecall.native('PUT', users, { body: {} })
    expect([put.status, put.headers.allow]).toEqual([405, 'GET, HEAD, POST'])
    expect((await rolecall.native('GET', '/nowhere')).body.type).toBe('urn:rolecall:fault:not-found')
    expect((await rolecall.native('GET', `${users}/`)).status).toBe(404)
  })

  test('beyond the rate is 429 with the time to wait', async () => {
    await using hurried = await aRunningApp({ flags: { '--limits-rate-per-minute': '2' } })
    await hurried.native('GET', '')
    await hurried.native('GET', '')
    const third = await hurried.native('GET', '')
    expect([third.status, third.body.type]).toEqual([429, 'urn:rolecall:fault:rate-limited'])
    expect(Number(third.headers['retry-after'])).toBeGreaterThan(0)
  })

  test('says what it is, and what it can do', async () => {
    const about = await rolecall.native('GET', '')
    expect(about.body).toMatchObject({
      product: 'Rolecall',
      operator: { username: 'tester' },
      project: { role: 'owner' },
    })
    const { items } = (await rolecall.native('GET', '/engines')).body
    expect(items).toHaveLength(7)
    expect(items[0]).toMatchObject({ name: 'postgresql', driven: true, defaultPort: 5432 })
  })
})
