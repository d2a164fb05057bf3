import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { heal, refused, says, type Trouble, trouble } from '../../../support/troubled.ts'
import { adminOf, aUser, type Ground, loginsOn, twoClusters, userPath, usersPath } from './ground.ts'

let ground: Ground
const mine: Trouble = trouble()
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)

beforeAll(async () => {
  const flags = { '--limits-links-per-instance': '1', '--atlas-request-ms': '4000' }
  ground = await twoClusters({ parts: mine.parts, flags })
}, 120_000)
afterEach(() => heal(mine))
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

const newest = async () => {
  const { app, project } = ground.atlas.running
  return (await app.store.read.operations.list({ projectId: project }, { limit: 1 })).items[0]
}

test('what one cluster refuses is taken back on the other at once, also where each has one link only', async () => {
  expect((await v1('POST', usersPath, { body: aUser('one') })).status).toBe(201)
  let sets = 0
  // The second of two: the other cluster has done it by then, or does so soon.
  mine.around = async (step, run) => {
    if (says(step, 'updateUser') && ++sets === 2) {
      await sleep(300)
      throw refused()
    }
    await run(step)
  }
  const roles = [{ databaseName: 'other', roleName: 'read' }]
  expect((await v1('PATCH', userPath('one'), { body: { roles } })).status).toBe(400)
  expect((await newest())?.state).toBe('undone')
  for (const cluster of [ground.east, ground.west]) {
    await using admin = await adminOf(cluster)
    const { users } = await admin.db('admin').command({ usersInfo: 'one' })
    expect(users[0].roles).toContainEqual({ role: 'readWrite', db: 'shop' })
  }
  heal(mine)
  expect((await v1('DELETE', userPath('one'))).status).toBe(204)
}, 60_000)

test('a delete whose caller was told that it was too late does not begin after that', async () => {
  expect((await v1('POST', usersPath, { body: aUser('late') })).status).toBe(201)
  const before = (await newest())?.id
  mine.asked = async (_change, _port, ask) => {
    const facts = await ask()
    await sleep(5_000)
    return facts
  }
  expect((await v1('DELETE', userPath('late'))).status).toBeGreaterThanOrEqual(500)
  await sleep(3_000)
  expect((await newest())?.id).toBe(before)
  expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([['late'], ['late']])
  heal(mine)
  expect((await v1('DELETE', userPath('late'))).status).toBe(204)
}, 60_000)
