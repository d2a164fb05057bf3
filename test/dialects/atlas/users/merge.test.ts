import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aPerson } from '../../../support/people.ts'
import {
  adminOf,
  aUser,
  type Cluster,
  type Ground,
  loginsOn,
  logsIn,
  passwordOf,
  twoClusters,
  userPath,
  usersPath,
} from './ground.ts'

let ground: Ground
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)

beforeAll(async () => {
  ground = await twoClusters({ flags: { '--atlas-clean-on-leave': 'true' } })
}, 120_000)
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

async function outside(cluster: Cluster, username: string, roles: readonly object[], db = 'admin'): Promise<void> {
  await using admin = await adminOf(cluster)
  await admin.db(db).command({ createUser: username, pwd: 'made-by-others', roles })
}

async function until<T>(look: () => Promise<T>, holds: (found: T) => boolean, ms = 40_000): Promise<T> {
  for (const end = Date.now() + ms; ; await sleep(200)) {
    const found = await look()
    if (holds(found) || Date.now() > end) return found
  }
}

const read = (db: string) => ({ role: 'read', db })
const names = (body: { results: { username: string }[] }) => body.results.map(({ username }) => username)

describe('the list', () => {
  test('has users by creation, then those that others made; no login of other databases, and not Rolecall’s own', async () => {
    // Nobody has ever asked these servers anything: not before this is it known which login is Rolecall’s own there.
    expect(names((await v1('GET', usersPath)).body)).toEqual([])
    for (const name of ['zoe', 'adam']) expect((await v1('POST', usersPath, { body: aUser(name) })).status).toBe(201)
    await outside(ground.east, 'yves', [read('a'), read('b'), { role: 'root', db: 'admin' }])
    await outside(ground.west, 'yves', [read('b'), { role: 'userAdminAnyDatabase', db: 'admin' }])
    await outside(ground.west, 'bea', [read('a')])
    await outside(ground.west, 'elsewhere', [], 'shop')
    const { body } = await v1('GET', usersPath)
    expect(names(body)).toEqual(['zoe', 'adam', 'bea', 'yves'])
    expect(body.totalCount).toBe(4)
    // What it may do on every one of its clusters, in this API's words, and never more.
    expect(body.results[3]).toMatchObject({ roles: [{ databaseName: 'b', roleName: 'read' }], scopes: [] })
    expect(body.results[2]).toMatchObject({ scopes: [{ name: 'west', type: 'CLUSTER' }] })
    expect((await v1('GET', userPath('bea'))).body).toEqual(body.results[2])
  })

  test('is cut into pages, whose count is exact; trap 14: by hundreds', async () => {
    const pages = [1, 2, 3].map(page => `${usersPath}?itemsPerPage=2&pageNum=${page}`)
    const [first, second, third] = await Promise.all(pages.map(page => v1('GET', page)))
    expect([names(first!.body), names(second!.body), names(third!.body)]).toEqual([
      ['zoe', 'adam'],
      ['bea', 'yves'],
      [],
    ])
    expect([first, second, third].map(answer => answer!.body.totalCount)).toEqual([4, 4, 4])
    expect(first!.body.links.map(({ rel }: { rel: string }) => rel)).toEqual(['self', 'next'])
    expect(second!.body.links.map(({ rel }: { rel: string }) => rel)).toEqual(['self', 'previous'])
    expect((await v1('GET', `${usersPath}?includeCount=false`)).body).not.toHaveProperty('totalCount')
  })

  test('is the same in v2, and with its links', async () => {
    const { body, headers } = await ground.atlas.v2('GET', usersPath)
    expect(headers['content-type']).toBe('application/vnd.atlas.2023-01-01+json;charset=utf-8')
    expect(names(body)).toEqual(['zoe', 'adam', 'bea', 'yves'])
    expect(body.results[0].links[0].href).toContain('/api/atlas/v2/')
  })

  test('shows a user that was dropped outside no more, and one whose roles were changed outside as it is', async () => {
    await using east = await adminOf(ground.east)
    await using west = await adminOf(ground.west)
    await east.db('admin').command({ revokeRolesFromUser: 'zoe', roles: [{ role: 'readWrite', db: 'shop' }] })
    expect((await v1('GET', userPath('zoe'))).body.roles).toEqual([])
    for (const admin of [east, west]) await admin.db('admin').command({ dropUser: 'adam' })
    expect((await v1('GET', userPath('adam'))).status).toBe(404)
    expect(names((await v1('GET', usersPath)).body)).toEqual(['zoe', 'bea', 'yves'])
    // Who asks for it again gets a new one.
    expect((await v1('POST', usersPath, { body: aUser('adam') })).status).toBe(201)
    expect(names((await v1('GET', usersPath)).body)).toEqual(['zoe', 'adam', 'bea', 'yves'])
  })
})

describe('a user that others made', () => {
  test('is one of the project once it is changed', async () => {
    const changed = await v1('PATCH', userPath('bea'), {
      body: { description: 'ours now', password: 'teal-Harbor-bea' },
    })
    expect(changed.status, changed.text).toBe(200)
    expect(changed.body).toMatchObject({
      description: 'ours now',
      scopes: [{ name: 'west', type: 'CLUSTER' }],
      roles: [{ databaseName: 'a', roleName: 'read' }],
    })
    expect(await logsIn(ground.west, 'bea', 'teal-Harbor-bea')).toBe(true)
    const everywhere = await v1('PATCH', userPath('bea'), { body: { scopes: [] } })
    expect(everywhere.status, everywhere.text).toBe(200)
    expect(await logsIn(ground.east, 'bea', 'teal-Harbor-bea')).toBe(true)
    expect(names((await v1('GET', usersPath)).body)).toEqual(['zoe', 'adam', 'bea', 'yves'])
  })

  test('is left alone where the policy keeps what others made', async () => {
    const { native, app } = ground.atlas.running
    const one = await native('GET', `/instances/${ground.east.instance}`)
    const headers = { 'if-match': one.headers.etag! }
    const kept = await native('PATCH', `/instances/${ground.east.instance}`, {
      body: { policy: { manageExisting: false } },
      headers,
    })
    expect(kept.status, kept.text).toBe(200)
    for (const [method, body] of [
      ['PATCH', { description: 'x' }],
      ['DELETE', undefined],
    ] as const) {
      const answer = await v1(method, userPath('yves'), { body })
      expect([answer.status, answer.body.errorCode]).toEqual([403, 'ACCESS_FORBIDDEN'])
    }
    expect(await loginsOn(ground.east)).toContain('yves')
    await app.store.transaction(async tables => {
      const instance = (await tables.instances.find(ground.east.instance))!
      await tables.instances.save({ ...instance, policy: {} })
    })
    expect((await v1('DELETE', userPath('yves'))).status).toBe(204)
    expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([
      ['adam', 'bea', 'zoe'],
      ['adam', 'bea', 'zoe'],
    ])
  })
})

test('a cluster that takes another name takes its users along', async () => {
  const scopes = [{ name: 'west', type: 'CLUSTER' }]
  expect((await v1('POST', usersPath, { body: aUser('scoped', { scopes }) })).status).toBe(201)
  const { native } = ground.atlas.running
  const one = await native('GET', `/instances/${ground.west.instance}`)
  const headers = { 'if-match': one.headers.etag! }
  expect(
    (await native('PATCH', `/instances/${ground.west.instance}`, { body: { name: 'far-west' }, headers })).status,
  ).toBe(200)
  expect((await v1('GET', userPath('scoped'))).body.scopes).toEqual([{ name: 'far-west', type: 'CLUSTER' }])
  const password = await v1('PATCH', userPath('scoped'), { body: { password: 'teal-Harbor-new' } })
  expect(password.status, password.text).toBe(200)
  expect(password.body.scopes).toEqual([{ name: 'far-west', type: 'CLUSTER' }])
  expect([
    await logsIn(ground.west, 'scoped', 'teal-Harbor-new'),
    await logsIn(ground.east, 'scoped', 'teal-Harbor-new'),
  ]).toEqual([true, false])
  expect((await v1('DELETE', userPath('scoped'))).status).toBe(204)
})

test('who only reads may read, and who is no member learns nothing', async () => {
  const { app, project } = ground.atlas.running
  const viewer = await aPerson(app.store, project, 'viewer')
  const key = await app.store.read.keys.find(viewer.keyId)
  const as = { publicKey: key!.publicKey, privateKey: viewer.key }
  expect((await v1('GET', usersPath, { as })).status).toBe(200)
  for (const [method, below] of [
    ['POST', usersPath],
    ['PATCH', userPath('zoe')],
    ['DELETE', userPath('zoe')],
  ] as const) {
    const answer = await v1(method, below, { as, body: aUser('x') })
    expect([answer.status, answer.body.errorCode]).toEqual([401, 'USER_UNAUTHORIZED'])
  }
  expect((await v1('GET', usersPath, { as: null })).status).toBe(401)
})

test('who does not see a cluster sees none of its users, and changes none that lives there', async () => {
  const { app, project, operator } = ground.atlas.running
  const editor = await aPerson(app.store, project, 'editor')
  const { items } = await app.store.read.connections.list(project, { limit: 10 })
  const west = items.find(({ instanceId }) => instanceId === ground.west.instance)!
  await app.store.transaction(async tables => {
    const entity = { kind: 'connection', id: west.id } as const
    for (const one of await tables.access.list(entity)) await tables.access.remove(entity, one.subject)
    const subject = { kind: 'user', id: operator } as const
    await tables.access.set({ projectId: project, entity, subject, access: 'admin', since: 0 })
  })
  await outside(ground.west, 'hidden', [])
  const western = aUser('western', { scopes: [{ name: 'far-west', type: 'CLUSTER' }] })
  expect((await v1('POST', usersPath, { body: western })).status).toBe(201)
  const key = await app.store.read.keys.find(editor.keyId)
  const as = { publicKey: key!.publicKey, privateKey: editor.key }
  expect(names((await v1('GET', usersPath, { as })).body)).toEqual(['zoe', 'adam', 'bea'])
  expect((await v1('GET', userPath('hidden'), { as })).status).toBe(404)
  for (const [method, below, body] of [
    ['POST', usersPath, aUser('x')],
    ['PATCH', userPath('zoe'), { description: 'x' }],
    ['DELETE', userPath('zoe'), undefined],
  ] as const) {
    const answer = await v1(method, below, { as, body })
    expect([answer.status, answer.body.errorCode], method).toEqual([403, 'ACCESS_FORBIDDEN'])
  }
  const scopes = [{ name: 'east', type: 'CLUSTER' }]
  expect((await v1('POST', usersPath, { as, body: aUser('eastern', { scopes }) })).status).toBe(201)
  expect((await v1('DELETE', userPath('eastern'), { as })).status).toBe(204)
  const hidden = await v1('POST', usersPath, {
    as,
    body: aUser('x', { scopes: [{ name: 'far-west', type: 'CLUSTER' }] }),
  })
  expect([hidden.status, hidden.body.errorCode]).toEqual([404, 'CLUSTER_NOT_FOUND'])
  for (const method of ['GET', 'DELETE'])
    for (const name of ['western', 'hidden']) expect((await v1(method, userPath(name), { as })).status).toBe(404)
  for (const name of ['hidden', 'western']) expect((await v1('DELETE', userPath(name))).status).toBe(204)
})

test('of a cluster that leaves its project its users go, and others stay', async () => {
  await outside(ground.west, 'stranger', [])
  const { native } = ground.atlas.running
  expect(await loginsOn(ground.west)).toEqual(['adam', 'bea', 'stranger', 'zoe'])
  const one = await native('GET', `/instances/${ground.west.instance}`)
  const left = await native('DELETE', `/instances/${ground.west.instance}`, {
    headers: { 'if-match': one.headers.etag! },
  })
  expect(left.status, left.text).toBe(204)
  expect(
    await until(
      () => loginsOn(ground.west),
      logins => logins.length === 1,
    ),
  ).toEqual(['stranger'])
  expect(await loginsOn(ground.east)).toEqual(['adam', 'bea', 'zoe'])
  expect(names((await v1('GET', usersPath)).body)).toEqual(['zoe', 'adam', 'bea'])
  await until(
    async () => (await ground.atlas.running.app.store.read.instances.find(ground.west.instance)) === undefined,
    gone => gone,
  )
  expect(await logsIn(ground.east, 'adam', passwordOf('adam'))).toBe(true)
})
