import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { aPerson } from '../../../support/people.ts'
import { adminOf, aUser, openTargetsOf, passwordOf, until, userPath, usersPath } from '../../atlas/users/ground.ts'
import { type BothSides, bothSides, madeOutside } from './ground.ts'

/** A user that has not gone from, or come to, one of its clusters yet when it is deleted on another one. */
let it: BothSides

beforeAll(async () => {
  it = await bothSides()
}, 120_000)
afterEach(async () => {
  for (const { door } of [it.east, it.west]) await door.comeBack()
})
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
})

const make = async (name: string, more: Readonly<Record<string, unknown>> = {}) =>
  expect((await again(() => it.atlas.v1('POST', usersPath, { body: aUser(name, more) }))).status).toBe(201)
/** A server that was away a moment ago is asked again after a while. */
const again = (request: () => ReturnType<BothSides['ocean']['ask']>) => until(request, ({ status }) => status !== 503)
const eastAlone = async (name: string) => {
  const { status, text } = await it.atlas.v1('PATCH', userPath(name), {
    body: { scopes: [{ name: 'east', type: 'CLUSTER' }] },
  })
  expect(status, text).toBe(200)
}
const settled = async () =>
  expect(
    await until(
      () => openTargetsOf(it),
      open => open.length === 0,
    ),
  ).toEqual([])
const abandonAll = async () => {
  const { app, project, native } = it.ocean.running
  const { items } = await app.store.read.operations.list({ projectId: project, state: 'open' }, { limit: 20 })
  for (const { id } of items)
    expect((await native('POST', `/projects/${project}/operations/${id}/abandon`)).status).toBe(200)
}

test('is deleted on the last cluster while another one that it is to go from is away', async () => {
  await make('parting')
  await it.west.door.refuse()
  await eastAlone('parting')
  const { status, text } = await it.drop(it.east, 'parting')
  expect(status, text).toBe(204)
  expect(await it.opens('parting', passwordOf('parting'), [it.east])).toEqual([])
  await it.west.door.comeBack()
  await settled()
  expect(await it.opens('parting', passwordOf('parting'))).toEqual([])
  expect(
    await until(
      () => it.record('parting'),
      one => one === undefined,
      10_000,
    ),
  ).toBeUndefined()
}, 90_000)

test('tells nobody of a cluster that they do not see', async () => {
  await make('quiet')
  const { app, project, ask, native } = it.ocean.running
  const member = await aPerson(app.store, project, 'editor')
  const [connection] = await app.store.read.connections.ofInstance(it.west.instance)
  const acl = `/v1/database-connections/${connection!.id}/acl/organisation/${project}`
  expect((await ask('DELETE', acl)).status).toBe(204)
  await it.west.door.refuse()
  await eastAlone('quiet')
  const dry = await native('DELETE', `/instances/${it.east.instance}/users/quiet?authDatabase=admin&dryRun=true`, {
    key: member.key,
  })
  const real = await native('DELETE', `/instances/${it.east.instance}/users/quiet?authDatabase=admin`, {
    key: member.key,
  })
  for (const { status, text } of [dry, real]) {
    expect(status, text).toBe(200)
    expect(text).not.toContain('west')
    expect(text).not.toContain(it.west.instance)
  }
}, 90_000)

test('spares a login of that name which others made there since the drop was given up', async () => {
  await make('newcomer')
  await it.west.door.refuse()
  await eastAlone('newcomer')
  await abandonAll()
  await it.west.door.comeBack()
  await using admin = await adminOf(it.west)
  await admin.db('admin').command({ dropUser: 'newcomer' })
  await madeOutside(it.west, 'newcomer')
  const { status, text } = await again(() => it.drop(it.east, 'newcomer'))
  expect(status, text).toBe(204)
  expect(await it.opens('newcomer', 'of somebody else 1')).toEqual(['west'])
}, 90_000)

test('is deleted though others dropped it where the drop was given up', async () => {
  await make('nobody')
  await it.west.door.refuse()
  await eastAlone('nobody')
  await abandonAll()
  await it.west.door.comeBack()
  await using admin = await adminOf(it.west)
  await admin.db('admin').command({ dropUser: 'nobody' })
  const { status, text } = await again(() => it.drop(it.east, 'nobody'))
  expect(status, text).toBe(204)
  expect(await it.opens('nobody', passwordOf('nobody'))).toEqual([])
}, 90_000)

test('changes nothing on a cluster in observe mode', async () => {
  await make('watched')
  await it.west.door.refuse()
  await eastAlone('watched')
  await abandonAll()
  const { native } = it.ocean.running
  const set = await native('PATCH', `/instances/${it.west.instance}`, { body: { mode: 'observe' } })
  expect(set.status, set.text).toBe(200)
  await it.west.door.comeBack()
  const { status, text } = await again(() => it.drop(it.east, 'watched'))
  expect(status, text).toBe(403)
  expect(await it.opens('watched', passwordOf('watched'), [it.west])).toEqual(['west'])
  await native('PATCH', `/instances/${it.west.instance}`, { body: { mode: 'manage' } })
}, 90_000)

test('is deleted from a cluster while one that joined since is away', async () => {
  await make('waited')
  const { instance } = await it.ocean.running.connect(
    { ...it.west.server, port: 1 },
    { name: 'north', instanceName: 'north' },
  )
  const coming = (open: readonly (readonly [string, string])[]) =>
    open.some(([kind, id]) => kind === 'create-user' && id === instance)
  expect(coming(await until(() => openTargetsOf(it), coming))).toBe(true)
  const { status, text } = await it.drop(it.east, 'waited')
  expect(status, text).toBe(204)
  expect(await it.opens('waited', passwordOf('waited'))).toEqual(['west'])
  const scopes = (await it.record('waited'))?.current?.scopes
  expect(scopes).toMatchObject([{ name: 'west' }, { name: 'north' }])
}, 90_000)
