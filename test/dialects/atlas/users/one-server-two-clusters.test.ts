import { afterAll, beforeAll, expect, test } from 'vitest'
import { aUser, type Ground, logsIn, passwordOf, twoClusters, userPath, usersPath } from './ground.ts'

/** One server that is two clusters of a project, since it is known by two addresses. */
let ground: Ground
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)

beforeAll(async () => {
  ground = await twoClusters({ flags: { '--timeouts-statement-ms': '6000', '--atlas-cluster-ms': '12000' } })
  const names = { name: 'twin', instanceName: 'twin' }
  await ground.atlas.running.connect({ ...ground.east.server }, { host: 'localhost', ...names })
}, 120_000)
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

test('a change of a user that lives on one of the two drops its login on the other one no more than there', async () => {
  const scopes = [{ name: 'twin', type: 'CLUSTER' }]
  expect((await v1('POST', usersPath, { body: aUser('two', { scopes }) })).status).toBe(201)
  const changed = await v1('PATCH', userPath('two'), { body: { description: 'the same' } })
  expect(changed.status, changed.text).toBe(200)
  expect(changed.body).toMatchObject({ description: 'the same', scopes })
  expect(await logsIn(ground.east, 'two', passwordOf('two'))).toBe(true)
  expect((await v1('DELETE', userPath('two'))).status).toBe(204)
  expect(await logsIn(ground.east, 'two', passwordOf('two'))).toBe(false)
})
