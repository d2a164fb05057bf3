import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { heal, refused, says, type Trouble, trouble } from '../../../support/troubled.ts'
import {
  adminOf,
  aUser,
  type Cluster,
  type Ground,
  loginsOn,
  openTargetsOf,
  twoClusters,
  until,
  userPath,
  usersPath,
} from './ground.ts'

let ground: Ground
const mine: Trouble = trouble()
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)

beforeAll(async () => {
  ground = await twoClusters({ parts: mine.parts })
}, 120_000)
afterEach(() => heal(mine))
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

/** The server will not drop anybody, whoever asks and however often; answers when it was asked. */
function willNotDrop({ door }: Cluster): readonly number[] {
  const asked: number[] = []
  mine.around = async (step, run, port) => {
    if (port !== door.port || !says(step, 'dropUser')) return run(step)
    asked.push(Date.now())
    throw refused()
  }
  return asked
}

async function hadOn(cluster: Cluster, name: string): Promise<readonly string[]> {
  await using admin = await adminOf(cluster)
  const { users } = await admin.db('admin').command({ usersInfo: name })
  return (users[0]?.roles ?? []).map(({ role }: { role: string }) => role)
}

const stuck = async () => {
  const { native, project } = ground.atlas.running
  return (await native('GET', `/projects/${project}/operations?state=stuck`)).body.items
}

test('a drop that a cluster refuses stays locked there, and is shown as stuck with the reason until it is done', async () => {
  expect((await v1('POST', usersPath, { body: aUser('owner') })).status).toBe(201)
  const asked = willNotDrop(ground.west)
  expect((await v1('DELETE', userPath('owner'))).status).toBe(204)
  expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([[], ['owner']])
  expect(await hadOn(ground.west, 'owner')).toContain('rolecall.locked')
  expect(await hadOn(ground.west, 'owner')).not.toContain('readWrite')
  expect((await v1('GET', userPath('owner'))).status).toBe(404)
  expect((await v1('POST', usersPath, { body: aUser('owner') })).body.errorCode).toBe('USER_ALREADY_EXISTS')
  const [operation] = await until(stuck, found => found.length > 0)
  expect(operation).toMatchObject({ state: 'stuck', lastFault: { fault: 'refused', detail: 'the server would not' } })
  // 0.5, 1, 2, 4 seconds: not again and again.
  await sleep(6_000)
  expect(asked.length).toBeLessThan(7)
  heal(mine)
  const { native, project } = ground.atlas.running
  const hurried = await native('POST', `/projects/${project}/operations/${operation.id}/retry`)
  expect(hurried.status, hurried.text).toBeLessThan(300)
  expect(
    await until(
      () => openTargetsOf(ground),
      open => open.length === 0,
    ),
  ).toEqual([])
  expect(await loginsOn(ground.west)).toEqual([])
  expect((await v1('POST', usersPath, { body: aUser('owner') })).status).toBe(201)
  expect((await v1('DELETE', userPath('owner'))).status).toBe(204)
}, 90_000)

test('a cluster that comes back is rid of what was deleted at once, however long another one refuses that', async () => {
  expect((await v1('POST', usersPath, { body: aUser('held') })).status).toBe(201)
  const asked = willNotDrop(ground.west)
  await ground.east.door.refuse()
  expect((await v1('DELETE', userPath('held'))).status).toBe(204)
  await sleep(20_000)
  // Meanwhile the other one was not asked each time: it gave its answer.
  expect(asked.length).toBeLessThan(8)
  await ground.east.door.comeBack()
  const began = Date.now()
  expect(
    await until(
      () => loginsOn(ground.east),
      logins => logins.length === 0,
    ),
  ).toEqual([])
  expect(Date.now() - began).toBeLessThan(7_000)
  heal(mine)
  expect(
    await until(
      () => openTargetsOf(ground),
      open => open.length === 0,
    ),
  ).toEqual([])
  expect(await loginsOn(ground.west)).toEqual([])
}, 120_000)
