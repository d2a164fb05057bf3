import { afterAll, beforeAll, expect, test } from 'vitest'
import { aDigitalOcean, type DigitalOcean } from '../../dialects/digitalocean/digitalocean.ts'
import { aTrove, type Trove } from '../../dialects/trove/trove.ts'
import { aWorkbench, type Workbench } from '../../support/postgresql/workbench.ts'

const NAME = `words_${process.pid}_chief`
let bench: Workbench
let ocean: DigitalOcean
let trove: Trove

beforeAll(async () => {
  bench = await aWorkbench()
  await bench.sql(`create role "${NAME}" login createrole`)
  ocean = await aDigitalOcean()
  trove = await aTrove()
})
afterAll(async () => {
  await ocean?.[Symbol.asyncDispose]()
  await trove?.[Symbol.asyncDispose]()
  await bench?.sql(`drop role if exists "${NAME}"`)
  await bench?.[Symbol.asyncDispose]()
})

test('power over a server is not for editors in the words of DigitalOcean: the role says who, scopes say what', async () => {
  const { instance } = await ocean.running.connect(bench.server, { name: 'power' })
  const user = `/v2/databases/${instance}/users/${NAME}`
  const scopes = ['database:read', 'database:update', 'database:delete'] as const
  const reset = (key: string) => ocean.ask('POST', `${user}/reset_auth`, { key, body: {} })
  const refused = await reset(await ocean.aToken('editor'))
  expect([refused.status, refused.body.id]).toEqual([403, 'forbidden'])
  expect((await reset(await ocean.aToken('editor', scopes))).status).toBe(403)
  expect((await ocean.ask('DELETE', user, { key: await ocean.aToken('editor') })).status).toBe(403)
  const primary = `/v2/databases/${instance}/users/${bench.server.username}/reset_auth`
  expect((await ocean.ask('POST', primary, { key: await ocean.aToken('editor'), body: {} })).status).toBe(403)
  expect((await reset(await ocean.aToken('admin', ['database:read']))).status).toBe(403)
  expect((await reset(await ocean.aToken('admin', scopes))).status).toBe(200)
})

test('power over a server is not for editors in the words of Trove', async () => {
  const at = await trove.manage(bench.server, { instanceName: 'power' })
  const key = await trove.aKey('editor')
  const change = { users: [{ name: NAME, password: 'a-new-s3cret-word' }] }
  const refused = await trove.api('PUT', `${at}/users`, { key, body: change })
  expect([refused.status, Object.keys(refused.body)], refused.text).toEqual([403, ['forbidden']])
  expect((await trove.api('DELETE', `${at}/users/${NAME}`, { key })).status).toBe(403)
  const done = await trove.api('PUT', `${at}/users`, { key: await trove.aKey('admin'), body: change })
  expect(done.status, done.text).toBe(202)
})
