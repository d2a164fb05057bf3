import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anotherProject, aPerson, type Person } from '../../../support/people.ts'
import { aUser, type Cluster, passwordOf, userPath, usersPath } from '../../atlas/users/ground.ts'
import { type BothSides, bothSides, PATIENT, rolesAt } from './ground.ts'

let it: BothSides

beforeAll(async () => {
  it = await bothSides({ flags: PATIENT })
}, 120_000)
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
})

const make = async (name: string, more: Readonly<Record<string, unknown>> = {}) =>
  expect((await it.atlas.v1('POST', usersPath, { body: aUser(name, more) })).status).toBe(201)

describe('two projects that share a server', () => {
  let theirs: Cluster & { readonly key: string }
  const theirOwn = (method: string, below = '', body?: object) =>
    it.ocean.ask(method, `/v2/databases/${theirs.instance}/users${below}`, { key: theirs.key, body })

  beforeAll(async () => {
    const { app, native } = it.ocean.running
    const project = await anotherProject(app.store)
    const { key } = await aPerson(app.store, project, 'owner')
    const { host, port, username, password, database } = it.east.server
    const body = { name: 'shared', engine: 'mongodb', host, port, username, password, database }
    const made = await native('POST', `/projects/${project}/connections`, { key, body })
    expect(made.status, made.text).toBe(201)
    theirs = { ...it.east, instance: made.body.instance, key }
  })

  test('have no two users of one name there, and neither is changed by being asked for', async () => {
    await make('common')
    expect((await theirOwn('POST', '', { name: 'common' })).body.message).toBe('user name is not available')
    expect(await it.opens('common', passwordOf('common'))).toEqual(['east', 'west'])
    expect((await it.drop(it.east, 'common')).status).toBe(204)
    const { status, body } = await theirOwn('POST', '', { name: 'common' })
    expect([status, await it.opens('common', body.user.password)]).toEqual([201, ['east']])
    // West's is the first project's still.
    const password = (await it.reset(it.west, 'common')).body.user.password
    expect(await it.opens('common', password)).toEqual(['west'])
    expect(await it.opens('common', body.user.password)).toEqual(['east'])
    expect((await it.add(it.east, 'common')).status).toBe(422)
    expect((await it.atlas.v1('GET', userPath('common'))).body.scopes).toEqual([{ name: 'west', type: 'CLUSTER' }])
  })
})

describe('whoever does not see every cluster of a user', () => {
  let member: Person
  const asMember = (cluster: Cluster, method: string, below: string, body?: object) =>
    it.on(cluster, method, below, { key: member.key, body })

  beforeAll(async () => {
    const { app, project } = it.ocean.running
    member = await aPerson(app.store, project, 'editor')
    const [connection] = await app.store.read.connections.ofInstance(it.west.instance)
    const hidden = await it.ocean.running.ask(
      'DELETE',
      `/v1/database-connections/${connection!.id}/acl/organisation/${project}`,
    )
    expect(hidden.status, hidden.text).toBe(204)
    expect((await asMember(it.west, 'GET', '')).status).toBe(404)
  })

  test('changes nothing of it, for that would be done where nobody may look; one that is at home there is theirs', async () => {
    await make('far')
    const settings = { mongo_user_settings: { role: 'readOnly', databases: ['shop'] } }
    expect((await asMember(it.east, 'POST', '/far/reset_auth', {})).status).toBe(403)
    expect((await asMember(it.east, 'PUT', '/far', { settings })).status).toBe(403)
    expect(await it.opens('far', passwordOf('far'))).toEqual(['east', 'west'])
    expect(await rolesAt(it.east, 'far')).toEqual(['shop.readWrite'])
    const { status, body } = await asMember(it.east, 'POST', '', { name: 'near' })
    expect([status, await it.opens('near', body.user.password)]).toEqual([201, ['east']])
    expect((await asMember(it.east, 'POST', '/near/reset_auth', {})).status).toBe(200)
  })

  test('may still delete it from a cluster that is seen: it lives on where it is not', async () => {
    await make('left')
    expect((await asMember(it.east, 'DELETE', '/left')).status).toBe(204)
    expect(await it.opens('left', passwordOf('left'))).toEqual(['west'])
  })
})
