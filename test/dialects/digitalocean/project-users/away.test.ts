import { Agent, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { heal, refused, says, type Trouble, trouble } from '../../../support/troubled.ts'
import { aUser, openTargetsOf, passwordOf, until, userPath, usersPath } from '../../atlas/users/ground.ts'
import { type BothSides, bothSides, rolesAt } from './ground.ts'

let it: BothSides
const mine: Trouble = trouble()

beforeAll(async () => {
  it = await bothSides({ parts: mine.parts })
}, 120_000)
afterEach(async () => {
  heal(mine)
  for (const { door } of [it.east, it.west]) await door.comeBack()
})
afterAll(async () => {
  await it?.[Symbol.asyncDispose]()
})

const make = async (name: string, more: Readonly<Record<string, unknown>> = {}) =>
  expect((await it.atlas.v1('POST', usersPath, { body: aUser(name, more) })).status).toBe(201)
const settled = async () =>
  expect(
    await until(
      () => openTargetsOf(it),
      open => open.length === 0,
    ),
  ).toEqual([])
/** As a client does: the same again, until it is told. */
const again = (request: () => ReturnType<BothSides['ocean']['ask']>) => until(request, ({ status }) => status !== 503)

test('while a cluster of a user is away, nothing of the user changes on the others, and clients may try again', async () => {
  await make('held')
  await it.west.door.refuse()
  const before = (await it.newest()).id
  for (const answer of [await it.reset(it.east, 'held'), await it.put(it.east, 'held', 'readOnly', 'shop')]) {
    expect([answer.status, answer.body.id], answer.text).toEqual([503, 'service_unavailable'])
    expect(answer.headers['retry-after']).toMatch(/^\d+$/)
  }
  expect((await it.newest()).id).toBe(before)
  await it.west.door.comeBack()
  expect(await it.opens('held', passwordOf('held'))).toEqual(['east', 'west'])
  expect(await rolesAt(it.east, 'held')).toEqual(['shop.readWrite'])
  const { body } = await again(() => it.reset(it.east, 'held'))
  expect(await it.opens('held', body.user.password)).toEqual(['east', 'west'])
}, 60_000)

test('a delete asks no other cluster than its own', async () => {
  await make('parted')
  await it.west.door.refuse()
  expect((await it.drop(it.west, 'parted')).status).toBe(503)
  expect((await it.drop(it.east, 'parted')).status).toBe(204)
  await it.west.door.comeBack()
  expect(await it.opens('parted', passwordOf('parted'))).toEqual(['west'])
  const { body } = await until(
    () => it.atlas.v1('GET', userPath('parted')),
    ({ status }) => status === 200,
  )
  expect(body.scopes).toEqual([{ name: 'west', type: 'CLUSTER' }])
}, 60_000)

test.each(['hang', 'swallow'] as const)(
  'a cluster that goes away (%s) in the middle of a reset follows when it returns, and the same request is told of it',
  async manner => {
    const name = `half-${manner}`
    await make(name)
    it.west.door.behaveAt('updateUser', manner)
    const late = await it.reset(it.east, name)
    expect([late.status, late.body.id], late.text).toEqual([503, 'service_unavailable'])
    expect((await openTargetsOf(it)).map(([, id]) => id)).toEqual([it.west.instance])
    await it.west.door.comeBack()
    const { status, body } = await again(() => it.reset(it.east, name))
    expect([status, await it.opens(name, body.user.password)]).toEqual([200, ['east', 'west']])
    expect((await it.record(name))?.password?.reveal()).toBe(body.user.password)
    await settled()
    const updates = (await operationsOf(name)).filter(({ targets }) => targets[0]!.kind === 'replace-user')
    expect(updates).toHaveLength(1)
  },
  60_000,
)

test('a cluster that goes away in the middle of an add has the user when it returns, or never had it', async () => {
  for (const manner of ['hang', 'swallow'] as const) {
    const name = `made-${manner}`
    it.east.door.behaveAt('createUser', manner)
    expect((await it.add(it.east, name)).status).toBe(503)
    await it.east.door.comeBack()
    const { status, body } = await again(() => it.add(it.east, name))
    expect([status, await it.opens(name, body.user.password)]).toEqual([201, ['east']])
    expect((await it.record(name))?.current).toMatchObject({ scopes: [{ name: 'east' }] })
    await settled()
  }
}, 90_000)

test('a cluster that goes away in the middle of a delete has it done when it returns', async () => {
  await make('gone')
  it.east.door.behaveAt('dropUser', 'hang')
  expect((await it.drop(it.east, 'gone')).status).toBe(503)
  await it.east.door.comeBack()
  await settled()
  expect(await it.opens('gone', passwordOf('gone'))).toEqual(['west'])
  expect((await it.record('gone'))?.current).toMatchObject({ scopes: [{ name: 'west' }] })
}, 60_000)

test('what one cluster refuses is taken back on the others', async () => {
  await make('refused')
  let sets = 0
  mine.around = async (step, run) => {
    if (says(step, 'updateUser') && ++sets === 2) {
      await sleep(300)
      throw refused()
    }
    await run(step)
  }
  expect((await it.put(it.east, 'refused', 'readOnly', 'stock')).status).toBe(422)
  heal(mine)
  for (const cluster of [it.east, it.west]) expect(await rolesAt(cluster, 'refused')).toEqual(['shop.readWrite'])
  expect((await it.newest()).state).toBe('undone')
})

test('what another cluster refuses is told with its name, and where a new password stays', async () => {
  await make('named')
  const refuseOnWest = (ms: number) => {
    mine.around = async (step, run, port) => {
      if (port !== it.west.door.port || !says(step, 'updateUser')) return run(step)
      await sleep(ms)
      throw refused()
    }
  }
  refuseOnWest(0)
  const put = await it.put(it.east, 'named', 'readOnly', 'stock')
  expect([put.status, put.body.message]).toEqual([422, 'west: the server would not'])
  refuseOnWest(500)
  const { status, body } = await it.reset(it.east, 'named')
  expect(status).toBe(422)
  expect(body.message).toBe(
    'west: the server would not; east: The new password is set and can’t be taken back: it stays',
  )
  const own = await it.put(it.west, 'named', 'readOnly', 'stock')
  expect([own.status, own.body.message]).toEqual([422, 'the server would not'])
})

test.each([5, 40, 120, 400])(
  'a reset whose caller hung up after %i ms: the same again is told the password that counts everywhere',
  async ms => {
    const name = `cut-${ms}`
    await make(name)
    await cutOff(`/v2/databases/${it.east.instance}/users/${name}/reset_auth`, ms)
    const { status, body } = await again(() => it.reset(it.east, name))
    expect([status, await it.opens(name, body.user.password)]).toEqual([200, ['east', 'west']])
    await settled()
    expect((await it.record(name))?.password?.reveal()).toBe(body.user.password)
  },
)

test('an answer that was taken leaves nothing sealed behind', async () => {
  await make('taken')
  expect((await it.reset(it.east, 'taken')).status).toBe(200)
  const { id } = await it.newest()
  const { operations } = it.ocean.running.app.store.read
  const told = async () => [
    (await operations.find(id))?.answer,
    (await operations.outcomes(id))?.map(one => one.password),
  ]
  const nothing = ['delivered', [undefined, undefined]]
  expect(await until(told, ([answer]) => answer === 'delivered', 5_000)).toEqual(nothing)
})

/** Newest first. */
async function operationsOf(name: string) {
  const { app, project } = it.ocean.running
  const subject = { kind: 'user', key: JSON.stringify([name, '', 'admin']) } as const
  return (await app.store.read.operations.list({ projectId: project, subject }, { limit: 20 })).items
}

/** Sends it over a socket of its own, and hangs up. */
async function cutOff(path: string, afterMs: number): Promise<void> {
  const { app, key } = it.ocean.running
  const { port } = app.http.server.address() as AddressInfo
  const type = { 'content-type': 'application/json', 'content-length': 2 }
  const headers = { authorization: `Bearer ${key.privateKey}`, ...type }
  const sent = ask({ port, host: '127.0.0.1', path, method: 'POST', headers, agent: new Agent() })
  sent.on('error', () => undefined)
  sent.end('{}')
  await sleep(afterMs)
  sent.destroy()
}
