import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aUser, loginsOn, passwordOf, until, userPath, usersPath } from '../../atlas/users/ground.ts'
import { type BothSides, bothSides, madeOutside, PATIENT, rolesAt } from './ground.ts'

let it: BothSides

beforeAll(async () => {
  it = await bothSides({ flags: PATIENT })
}, 120_000)
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
})

const v1: BothSides['atlas']['v1'] = (...asked) => it.atlas.v1(...asked)
const atlas = async (name: string) => {
  const { status, body } = await v1('GET', userPath(name))
  return status === 200 ? { scopes: body.scopes, roles: body.roles.map(textOf).toSorted() } : status
}
const textOf = ({ databaseName, roleName }: { databaseName: string; roleName: string }) => `${databaseName}.${roleName}`
const on = (...names: readonly string[]) => names.map(name => ({ name, type: 'CLUSTER' }))
const make = async (name: string, more: Readonly<Record<string, unknown>> = {}) =>
  expect((await v1('POST', usersPath, { body: aUser(name, more) })).status).toBe(201)

describe('a user that is added', () => {
  test('is one of the project, at home on its cluster alone, and every API sees it', async () => {
    const settings = { mongo_user_settings: { role: 'readOnly', databases: ['shop', 'stock'] } }
    const { status, body } = await it.add(it.east, 'ada', { settings })
    expect([status, body.user.settings]).toEqual([201, settings])
    expect(await it.opens('ada', body.user.password)).toEqual(['east'])
    expect(await atlas('ada')).toEqual({ scopes: on('east'), roles: ['shop.read', 'stock.read'] })
    expect(await it.record('ada')).toMatchObject({ current: { roles: ['shop.read', 'stock.read'] }, open: undefined })
    const native = await it.ocean.running.native('GET', `/instances/${it.east.instance}/users/ada?authDatabase=admin`)
    expect(native.body).toMatchObject({ name: 'ada', madeBy: { operator: 'tester' } })
    expect((await it.on(it.west, 'GET', '/ada')).status).toBe(404)
  })

  test('has the roles that its policy gives newcomers, in the project too', async () => {
    const more = { host: 'localhost', name: 'generous', policy: { newUserGrants: 'owner' }, defaultDatabase: 'shop' }
    const { instance } = await it.ocean.running.connect({ ...it.east.server }, more)
    await it.ocean.running.native('POST', `/instances/${instance}/databases`, { body: { name: 'shop' } })
    expect((await it.add({ ...it.east, instance }, 'newcomer')).status).toBe(201)
    expect((await it.record('newcomer'))?.current).toMatchObject({ roles: ['shop.readWrite', 'shop.dbAdmin'] })
    // Its server is another cluster, too: a user of that one alone is gone with it all the same, and never comes to all.
    expect((await it.drop({ ...it.east, instance }, 'newcomer')).status).toBe(204)
    expect(await it.record('newcomer')).toBeUndefined()
    const { body } = await it.ocean.running.native('GET', `/projects/${it.ocean.running.project}/connections`)
    const { id } = body.items.find(({ name }: { name: string }) => name === 'generous')
    expect((await it.ocean.running.native('DELETE', `/connections/${id}`)).status).toBe(204)
  })

  test('may be changed by the Atlas API from then on, to live on other clusters with the password that it has', async () => {
    const { password } = (await it.add(it.east, 'wide')).body.user
    expect((await v1('PATCH', userPath('wide'), { body: { scopes: on('east', 'west') } })).status).toBe(200)
    expect(await it.opens('wide', password)).toEqual(['east', 'west'])
  })
})

describe('of a user of several clusters', () => {
  test('a reset at one changes the password of all, as one operation, and sealed for those that join later', async () => {
    await make('both')
    const { status, body } = await it.reset(it.east, 'both')
    expect([status, body.user.name]).toEqual([200, 'both'])
    expect(await it.opens('both', body.user.password)).toEqual(['east', 'west'])
    expect(await it.opens('both', passwordOf('both'))).toEqual([])
    const { targets, state } = await it.newest()
    const done = targets.map(({ instanceId, kind, subject }) => [instanceId, kind, subject.key])
    const key = JSON.stringify(['both', '', 'admin'])
    const on = [it.east, it.west].map(({ instance }) => [instance, 'replace-user', key])
    expect([state, done]).toEqual(['settled', on])
    expect((await it.record('both'))?.password?.reveal()).toBe(body.user.password)
  })

  test('an update at one replaces the roles of all, and keeps its password', async () => {
    await make('roles')
    const { status, body } = await it.put(it.west, 'roles', 'readOnly', 'shop', 'admin')
    expect([status, body.user.settings.mongo_user_settings.role]).toEqual([201, 'readOnly'])
    for (const cluster of [it.east, it.west])
      expect(await rolesAt(cluster, 'roles'), cluster.name).toEqual(['admin.readAnyDatabase', 'shop.read'])
    expect(await atlas('roles')).toEqual({ scopes: [], roles: ['admin.readAnyDatabase', 'shop.read'] })
    expect(await it.opens('roles', passwordOf('roles'))).toEqual(['east', 'west'])
  })

  test('a delete at one leaves it on the others, and at the last it is gone', async () => {
    await make('less', { scopes: on('east', 'west') })
    expect((await it.drop(it.east, 'less')).status).toBe(204)
    expect(await it.opens('less', passwordOf('less'))).toEqual(['west'])
    expect(await atlas('less')).toEqual({ scopes: on('west'), roles: ['shop.readWrite'] })
    expect((await it.on(it.east, 'GET', '/less')).status).toBe(404)
    expect((await it.drop(it.east, 'less')).status).toBe(404)
    expect((await it.drop(it.west, 'less')).status).toBe(204)
    expect([await atlas('less'), await it.record('less')]).toEqual([404, undefined])
    await make('less')
  })

  test('one that lived on all, deleted at one, lives on those that are left and comes to none that joins', async () => {
    await make('some')
    await make('all')
    expect((await it.drop(it.east, 'some')).status).toBe(204)
    expect(await atlas('some')).toEqual({ scopes: on('west'), roles: ['shop.readWrite'] })
    const { password } = (await it.reset(it.west, 'all')).body.user
    const north = await it.join('north')
    const there = await until(
      () => loginsOn(north),
      logins => logins.includes('all'),
    )
    expect(there).toContain('all')
    expect(await it.opens('all', password, [it.east, it.west, north])).toEqual(['east', 'west', 'north'])
    expect(there).not.toContain('some')
    expect(await it.opens('some', passwordOf('some'))).toEqual(['west'])
  }, 60_000)
})

describe('a name', () => {
  test('may be one user here and another there: neither is touched by the other', async () => {
    const one = (await it.add(it.east, 'app')).body.user.password
    const { status, body } = await it.add(it.west, 'app')
    expect([status, body.user?.name]).toEqual([201, 'app'])
    expect(await it.opens('app', one)).toEqual(['east'])
    expect(await it.opens('app', body.user.password)).toEqual(['west'])
    const other = (await it.reset(it.west, 'app')).body.user.password
    expect([await it.opens('app', one), await it.opens('app', other)]).toEqual([['east'], ['west']])
    expect((await it.drop(it.east, 'app')).status).toBe(204)
    expect([await it.opens('app', one), await it.opens('app', other)]).toEqual([[], ['west']])
    expect((await it.drop(it.west, 'app')).status).toBe(204)
  })

  test('is taken where a user of the project has it, or a login that others made', async () => {
    await make('taken', { scopes: on('west') })
    await madeOutside(it.west, 'theirs')
    for (const name of ['taken', 'theirs']) {
      const { status, body } = await it.add(it.west, name)
      expect([status, body.message]).toEqual([422, 'user name is not available'])
    }
    expect(await it.opens('taken', passwordOf('taken'))).toEqual(['west'])
    expect(await it.record('theirs')).toBeUndefined()
  })

  test('of two that are added at once on two clusters each has its own user', async () => {
    const both = await Promise.all([it.add(it.east, 'twin'), it.add(it.west, 'twin')])
    expect(both.map(({ status }) => status)).toEqual([201, 201])
    const [east, west] = both.map(({ body }) => body.user.password)
    expect([await it.opens('twin', east), await it.opens('twin', west)]).toEqual([['east'], ['west']])
  })
})

describe('a login that others made', () => {
  test('is of the project once it is changed, where no other cluster has it', async () => {
    await madeOutside(it.east, 'lonely', [{ role: 'read', db: 'shop' }])
    const { password } = (await it.reset(it.east, 'lonely')).body.user
    expect(await it.opens('lonely', password)).toEqual(['east'])
    expect((await it.record('lonely'))?.current).toMatchObject({ roles: ['shop.read'], scopes: on('east') })
    expect((await it.put(it.east, 'lonely', 'readWrite', 'stock')).status).toBe(201)
    expect(await atlas('lonely')).toEqual({ scopes: on('east'), roles: ['stock.readWrite'] })
  })

  test('of two that have one name the other is left alone', async () => {
    for (const cluster of [it.east, it.west]) await madeOutside(cluster, 'pair')
    const { password } = (await it.reset(it.east, 'pair')).body.user
    expect(await it.opens('pair', password)).toEqual(['east'])
    expect(await it.opens('pair', 'of somebody else 1')).toEqual(['west'])
    expect((await it.put(it.west, 'pair', 'readOnly', 'shop')).status).toBe(201)
    expect(await rolesAt(it.east, 'pair')).toEqual([])
    expect(await it.record('pair')).toBeUndefined()
    expect((await it.drop(it.east, 'pair')).status).toBe(204)
    expect(await it.opens('pair', 'of somebody else 1')).toEqual(['west'])
  })

  test('in the place of a user of the project is no user of it', async () => {
    await make('again')
    expect(
      (
        await until(
          () => it.drop(it.east, 'again'),
          ({ status }) => status === 204,
        )
      ).status,
    ).toBe(204)
    await madeOutside(it.east, 'again')
    const { password } = (await it.reset(it.east, 'again')).body.user
    expect(await it.opens('again', password)).toEqual(['east'])
    expect(await it.opens('again', passwordOf('again'))).toEqual(['west'])
  })
})
