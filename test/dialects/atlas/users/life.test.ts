import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  aUser,
  clientOf,
  type Ground,
  loginsOn,
  logsIn,
  passwordOf,
  twoClusters,
  userPath,
  usersPath,
} from './ground.ts'

let ground: Ground
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)

beforeAll(async () => {
  ground = await twoClusters()
}, 120_000)
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

const make = (body: object) => v1('POST', usersPath, { body })

describe('a user without scopes', () => {
  test('lives on both clusters, logs in to both, and may do what its roles say and nothing else', async () => {
    const made = await make(aUser('mara'))
    expect(made.status, made.text).toBe(201)
    for (const cluster of [ground.east, ground.west]) {
      await using client = await clientOf(cluster, 'mara', passwordOf('mara'))
      await client.db('shop').collection('orders').insertOne({ total: 1 })
      await expect(client.db('vault').collection('orders').insertOne({ total: 1 })).rejects.toMatchObject({ code: 13 })
    }
    const { atlas } = ground
    expect(made.body).toEqual({
      awsIAMType: 'NONE',
      databaseName: 'admin',
      groupId: atlas.running.project,
      labels: [],
      ldapAuthType: 'NONE',
      links: [
        {
          href: expect.stringContaining(`/api/atlas/v1.0/groups/${atlas.running.project}${userPath('mara')}`),
          rel: 'self',
        },
      ],
      oidcAuthType: 'NONE',
      roles: [{ databaseName: 'shop', roleName: 'readWrite' }],
      scopes: [],
      username: 'mara',
      x509Type: 'NONE',
    })
    expect((await v1('GET', userPath('mara'))).body).toEqual(made.body)
    expect((await v1('DELETE', userPath('mara'))).status).toBe(204)
    expect(await loginsOn(ground.east)).toEqual([])
    expect(await loginsOn(ground.west)).toEqual([])
    expect((await v1('GET', userPath('mara'))).body).toMatchObject({
      error: 404,
      errorCode: 'USERNAME_NOT_FOUND',
      parameters: ['mara'],
    })
  })
})

test('a user of one cluster moves to the other with its scopes', async () => {
  const made = await make(aUser('otto', { scopes: [{ name: 'east', type: 'CLUSTER' }] }))
  expect(made.status, made.text).toBe(201)
  expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([['otto'], []])
  const moved = await v1('PATCH', userPath('otto'), { body: { scopes: [{ name: 'west', type: 'CLUSTER' }] } })
  expect(moved.status, moved.text).toBe(200)
  expect(moved.body.scopes).toEqual([{ name: 'west', type: 'CLUSTER' }])
  expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([[], ['otto']])
  expect(await logsIn(ground.west, 'otto', passwordOf('otto'))).toBe(true)
  expect((await v1('DELETE', userPath('otto'))).status).toBe(204)
})
