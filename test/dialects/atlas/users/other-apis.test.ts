import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BothSides, bothSides, madeOutside, PATIENT, rolesAt } from '../../digitalocean/project-users/ground.ts'
import { aUser, type Cluster, passwordOf, until, userPath, usersPath } from './ground.ts'

/** A user of the project whose login on one of its clusters is changed by an API that knows logins alone. */
let it: BothSides

beforeAll(async () => {
  it = await bothSides({ flags: PATIENT })
}, 120_000)
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
})

const make = async (name: string, more: Readonly<Record<string, unknown>> = {}) =>
  expect((await it.atlas.v1('POST', usersPath, { body: aUser(name, more) })).status).toBe(201)
const shown = async (name: string) => {
  const { status, body } = await it.atlas.v1('GET', userPath(name))
  if (status !== 200) return status
  const roles = body.roles.map(({ databaseName, roleName }: Record<string, string>) => `${databaseName}.${roleName}`)
  return [roles.toSorted(), body.scopes.map(({ name: scope }: { name: string }) => scope)]
}
const wanted = async (name: string) => (await it.record(name))?.current
const NEW = 'another-Harbor-9'

describe('the native API', () => {
  const at = ({ instance }: Cluster, name: string, below = '') =>
    `/instances/${instance}/users/${name}${below}?authDatabase=admin`
  const native = (...[method, path, body]: [Parameters<typeof it.ocean.running.native>[0], string, object?]) =>
    it.ocean.running.native(method, path, { body })

  test('resets the password of the user wherever it lives, also for those that join later', async () => {
    await make('reset')
    const dry = await native('POST', `${at(it.east, 'reset', '/reset')}&dryRun=true`, { password: NEW })
    expect(dry.body.plan.steps.map(({ instance }: { instance: string }) => instance)).toEqual(
      [it.east, it.west].map(({ instance }) => instance),
    )
    expect(await it.opens('reset', passwordOf('reset'))).toEqual(['east', 'west'])
    const { status, body } = await native('POST', at(it.east, 'reset', '/reset'), { password: NEW })
    expect([status, body.name], JSON.stringify(body)).toEqual([200, 'reset'])
    expect(await it.opens('reset', NEW)).toEqual(['east', 'west'])
    expect((await it.record('reset'))?.password?.reveal()).toBe(NEW)
    const made = await native('POST', at(it.west, 'reset', '/reset'))
    expect(await it.opens('reset', made.body.password)).toEqual(['east', 'west'])
  })

  test('drops the login, and the user lives on where else it is', async () => {
    await make('drop')
    expect((await native('DELETE', at(it.east, 'drop'))).status).toBe(200)
    expect(await it.opens('drop', passwordOf('drop'))).toEqual(['west'])
    expect(await shown('drop')).toEqual([['shop.readWrite'], ['west']])
    expect((await native('DELETE', at(it.west, 'drop'))).status).toBe(200)
    expect([await shown('drop'), await it.record('drop')]).toEqual([404, undefined])
  })

  test('grants and takes away wherever it lives; what a server has beside that stays', async () => {
    await make('grants')
    await native('POST', `/instances/${it.east.instance}/databases`, { name: 'stock' })
    const add = [{ role: 'owner', database: 'stock' }]
    const remove = [{ role: 'readwrite', database: 'shop' }]
    const missing = [{ role: 'read', database: 'nowhere' }]
    const path = at(it.east, 'grants', '/grants')
    expect((await native('PATCH', path, { add: missing, remove: [] })).status).toBe(404)
    expect((await native('PATCH', path, { add, remove })).status).toBe(200)
    for (const cluster of [it.east, it.west])
      expect(await rolesAt(cluster, 'grants'), cluster.name).toEqual(['stock.dbAdmin', 'stock.readWrite'])
    expect(await shown('grants')).toEqual([['stock.dbAdmin', 'stock.readWrite'], []])
    expect(await wanted('grants')).toMatchObject({ roles: ['stock.readWrite', 'stock.dbAdmin'] })
  })

  test('sets engine roles and the end of the user wherever it lives', async () => {
    await make('set')
    const validUntil = new Date(Date.now() + 3_600_000).toISOString()
    const { status, text } = await native('PATCH', at(it.east, 'set'), { engineRoles: ['shop.dbAdmin'], validUntil })
    expect(status, text).toBe(200)
    for (const cluster of [it.east, it.west]) {
      expect(await rolesAt(cluster, 'set'), cluster.name).toEqual(['shop.dbAdmin', 'shop.readWrite'])
      expect((await native('GET', at(cluster, 'set'))).body.validUntil).toBe(validUntil)
    }
    const { body } = await it.atlas.v1('GET', userPath('set'))
    expect(Date.parse(body.deleteAfterDate)).toBeCloseTo(Date.parse(validUntil), -4)
  })

  test('ends the user wherever it lives, when its end has come', async () => {
    await make('ending')
    const validUntil = new Date(Date.now() + 2_500).toISOString()
    expect((await native('PATCH', at(it.west, 'ending'), { validUntil })).status).toBe(200)
    const gone = await until(
      () => it.opens('ending', passwordOf('ending')),
      on => on.length === 0,
    )
    expect([gone, await shown('ending')]).toEqual([[], 404])
    expect(
      await until(
        () => it.record('ending'),
        record => record === undefined,
      ),
    ).toBeUndefined()
  }, 60_000)

  test('locks a login on its cluster alone, where that is seen, and what is changed meanwhile is so once it is unlocked', async () => {
    await make('locked')
    expect((await native('POST', at(it.east, 'locked', '/lock'))).status).toBe(200)
    expect((await native('GET', at(it.east, 'locked'))).body.state).toBe('locked')
    expect((await native('GET', at(it.west, 'locked'))).body.state).toBe('active')
    expect((await it.put(it.west, 'locked', 'readOnly', 'stock')).status).toBe(201)
    expect((await native('GET', at(it.east, 'locked'))).body.state).toBe('locked')
    expect((await native('POST', at(it.east, 'locked', '/unlock'))).status).toBe(200)
    for (const cluster of [it.east, it.west]) expect(await rolesAt(cluster, 'locked')).toEqual(['stock.read'])
    expect(await shown('locked')).toEqual([['stock.read'], []])
  })

  test('changes a login that is nobody’s but its server’s there alone', async () => {
    await madeOutside(it.east, 'theirs', [{ role: 'read', db: 'shop' }])
    expect((await native('POST', at(it.east, 'theirs', '/reset'), { password: NEW })).status).toBe(200)
    expect(await it.opens('theirs', NEW)).toEqual(['east'])
    expect(await it.record('theirs')).toBeUndefined()
  })

  test('resets no user that a connection logs in as: on its other servers nobody would know the password', async () => {
    await make('connected', { roles: [{ databaseName: 'admin', roleName: 'atlasAdmin' }] })
    const login = { username: 'connected', password: passwordOf('connected') }
    const { running } = it.ocean
    const { connection } = await running.connect({ ...it.east.server, ...login, port: it.east.door.port })
    for (const asked of [
      await native('POST', at(it.east, 'connected', '/reset'), { password: NEW }),
      await it.reset(it.west, 'connected'),
    ])
      expect([409, 422], asked.text).toContain(asked.status)
    expect(await it.opens('connected', login.password)).toEqual(['east', 'west'])
    expect((await native('DELETE', `/connections/${connection}`)).status).toBe(204)
    expect((await native('POST', at(it.east, 'connected', '/reset'), { password: NEW })).status).toBe(200)
    expect(await it.opens('connected', NEW)).toEqual(['east', 'west'])
  })

  test('waits for a user that is being made, and changes it wherever it is', async () => {
    const making = make('meanwhile')
    const asked = await until(
      () => native('POST', at(it.east, 'meanwhile', '/reset'), { password: NEW }),
      ({ status }) => status !== 404,
    )
    await making
    expect(asked.status, asked.text).toBe(200)
    expect(await it.opens('meanwhile', NEW)).toEqual(['east', 'west'])
    expect((await it.record('meanwhile'))?.password?.reveal()).toBe(NEW)
  })
})

describe('the Trove API', () => {
  const trove = (method: 'PUT' | 'DELETE', { instance }: Cluster, below: string, body?: object) => {
    const { running } = it.ocean
    const headers = { 'x-auth-token': running.key.privateKey }
    return running.ask(method, `/v1.0/${running.project}/instances/${instance}/users${below}`, {
      key: null,
      headers,
      body,
    })
  }

  test('changes the password of users wherever they live, each of them, and of logins beside them', async () => {
    await make('first')
    await make('second')
    await madeOutside(it.east, 'third')
    const users = ['first', 'third', 'second'].map(name => ({ name, password: `${NEW}${name}` }))
    expect((await trove('PUT', it.east, '', { users })).status).toBe(202)
    for (const name of ['first', 'second']) {
      expect(await it.opens(name, `${NEW}${name}`), name).toEqual(['east', 'west'])
      expect((await it.record(name))?.password?.reveal()).toBe(`${NEW}${name}`)
    }
    expect(await it.opens('third', `${NEW}third`)).toEqual(['east'])
    expect((await trove('PUT', it.west, '/first', { user: { password: NEW } })).status).toBe(202)
    expect(await it.opens('first', NEW)).toEqual(['east', 'west'])
  })

  test('gives and takes access wherever a user lives', async () => {
    await make('access')
    const databases = [{ name: 'stock' }]
    expect((await trove('PUT', it.east, '/access/databases', { databases })).status).toBe(202)
    const all = ['shop.readWrite', 'stock.readWrite']
    for (const cluster of [it.east, it.west]) expect(await rolesAt(cluster, 'access')).toEqual(all)
    expect((await trove('DELETE', it.west, '/access/databases/shop')).status).toBe(202)
    for (const cluster of [it.east, it.west]) expect(await rolesAt(cluster, 'access')).toEqual(['stock.readWrite'])
    expect(await wanted('access')).toMatchObject({ roles: ['stock.readWrite'] })
  })

  test('drops the login, and the user lives on where else it is', async () => {
    await make('dropped')
    expect((await trove('DELETE', it.east, '/dropped')).status).toBe(202)
    expect(await it.opens('dropped', passwordOf('dropped'))).toEqual(['west'])
    expect(await shown('dropped')).toEqual([['shop.readWrite'], ['west']])
  })
})
