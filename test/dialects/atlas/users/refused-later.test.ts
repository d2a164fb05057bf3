import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { heal, hungUp, refused, says, type Trouble, trouble } from '../../../support/troubled.ts'
import { aUser, type Ground, loginsOn, rolesOn, twoClusters, userPath, usersPath } from './ground.ts'

let ground: Ground
const mine: Trouble = trouble()

beforeAll(async () => {
  ground = await twoClusters({ parts: mine.parts, flags: { '--atlas-partial-failure': 'eventual' } })
}, 120_000)
afterAll(async () => {
  heal(mine)
  await ground?.[Symbol.asyncDispose]()
})

const isOpen = async () => {
  const { app, project } = ground.atlas.running
  return (await app.store.read.operations.list({ projectId: project, state: 'open' }, { limit: 1 })).items.length > 0
}

test('what a cluster refuses for good when its turn comes leaves nothing there of what had been done', async () => {
  let made = 0
  // Both have the mark of the operation by then: one cluster makes the login, and the other one will not.
  mine.around = async (step, run) => {
    if (!says(step, 'createUser')) return run(step)
    if (++made === 2) throw hungUp()
    if (made > 2) throw refused()
    await run(step)
  }
  const answer = await ground.atlas.v1('POST', usersPath, { body: aUser('later') })
  expect(answer.status, answer.text).toBe(201)
  for (const end = Date.now() + 30_000; (await isOpen()) && Date.now() < end; ) await sleep(200)
  expect(made).toBe(3)
  const left = await Promise.all(
    [ground.east, ground.west].map(async one => [await loginsOn(one), (await marksOn(one)).length]),
  )
  expect(left).toContainEqual([['later'], 1])
  expect(left).toContainEqual([[], 0])
  heal(mine)
  expect((await ground.atlas.v1('DELETE', userPath('later'))).status).toBe(204)
}, 60_000)

async function marksOn(cluster: Ground['east']): Promise<readonly string[]> {
  return (await rolesOn(cluster)).filter(role => role.startsWith('rolecall.mark'))
}
