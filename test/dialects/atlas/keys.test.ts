import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Atlas, anAtlas } from './atlas.ts'
import type { DigestKey } from './digest-client.ts'

let atlas: Atlas
let group: string
beforeAll(async () => {
  atlas = await anAtlas({ flags: { '--trust-proxy': '127.0.0.1/32' } })
  group = atlas.running.project
})
afterAll(() => atlas?.[Symbol.asyncDispose]())

const MASK = '********-****-****-************'
const keys = (method: string, below = '', body?: unknown, as?: DigestKey) =>
  atlas.v1(method, `/apiKeys${below}`, { body, as })
const orgKeys = (method: string, below = '', body?: unknown, as?: DigestKey) =>
  atlas.ask(method, `/api/atlas/v1.0/orgs/${atlas.org}/apiKeys${below}`, { body, as })

async function made(answer: ReturnType<typeof keys>): Promise<DigestKey & { id: string }> {
  const { body } = await answer
  atlas.running.heard({ password: body.privateKey }, '')
  return body
}

describe('keys of a project', () => {
  test('are made with a private half that is told once, and work by Digest', async () => {
    const key = await made(keys('POST', '', { desc: 'mine', roles: ['GROUP_READ_ONLY'] }))
    expect(key).toMatchObject({ desc: 'mine', roles: [{ groupId: group, roleName: 'GROUP_READ_ONLY' }] })
    expect(key.publicKey).toMatch(/^[a-z]{8}$/)
    const read = await keys('GET', `/${key.id}`)
    expect(read.body).toEqual({ ...key, privateKey: MASK })
    expect((await atlas.v1('GET', '', { as: key })).status).toBe(200)
    expect((await atlas.v1('DELETE', '', { as: key })).body.errorCode).toBe('USER_UNAUTHORIZED')
    const { body: list } = await keys('GET')
    expect(list.results.map(({ id }: { id: string }) => id)).toEqual([atlas.running.key.id, key.id])
  })

  test('are given another role or purpose, and end', async () => {
    const key = await made(keys('POST', '', { desc: 'before', roles: ['GROUP_READ_ONLY'] }))
    const body = { desc: 'after', roles: ['GROUP_DATABASE_ACCESS_ADMIN', 'GROUP_READ_ONLY'] }
    expect((await keys('PATCH', `/${key.id}`, body)).body).toMatchObject({
      desc: 'after',
      roles: [{ groupId: group, roleName: 'GROUP_DATABASE_ACCESS_ADMIN' }],
    })
    expect((await keys('PATCH', `/${key.id}`, { desc: 'later' })).body.desc).toBe('later')
    expect((await keys('DELETE', `/${key.id}`)).status).toBe(204)
    expect((await atlas.v1('GET', '', { as: key })).status).toBe(401)
    for (const method of ['GET', 'DELETE', 'PATCH'])
      expect((await keys(method, `/${key.id}`, method === 'PATCH' ? {} : undefined)).body).toMatchObject({
        errorCode: 'API_KEY_NOT_FOUND',
        parameters: [key.id],
      })
  })

  test('are no stronger than who makes them', async () => {
    const admin = await atlas.aKey('admin')
    const key = await made(keys('POST', '', { desc: 'a', roles: ['GROUP_OWNER'] }, admin))
    expect((await atlas.v1('PATCH', '', { as: key, body: { name: 'x' } })).body.errorCode).toBe('USER_UNAUTHORIZED')
    const owner = await atlas.aKey('owner')
    const refused = await keys('PATCH', `/${owner.id}`, { roles: ['GROUP_READ_ONLY'] }, admin)
    expect(refused.body.errorCode).toBe('USER_UNAUTHORIZED')
    expect((await keys('DELETE', `/${owner.id}`, undefined, admin)).body.errorCode).toBe('USER_UNAUTHORIZED')
  })

  test('of others are for admins to see', async () => {
    const editor = await atlas.aKey('editor')
    const { body } = await keys('GET', '', undefined, editor)
    expect(body.results.map(({ id }: { id: string }) => id)).toEqual([editor.id])
  })
})

describe('keys of the organization', () => {
  test('open no project until one is opened to them', async () => {
    const key = await made(orgKeys('POST', '', { desc: 'late', roles: ['ORG_MEMBER'] }))
    expect(key).toMatchObject({ roles: [{ orgId: atlas.org, roleName: 'ORG_MEMBER' }] })
    expect((await atlas.v1('GET', '', { as: key })).body.errorCode).toBe('NOT_IN_GROUP')
    const opened = await keys('POST', `/${key.id}`, [{ roles: ['GROUP_OWNER'] }])
    expect(opened.body.roles).toEqual([{ groupId: group, roleName: 'GROUP_OWNER' }])
    expect((await atlas.v1('GET', '', { as: key })).status).toBe(200)
    expect((await orgKeys('DELETE', `/${key.id}`)).status).toBe(204)
    expect((await orgKeys('GET', `/${key.id}`)).body.errorCode).toBe('API_KEY_NOT_FOUND')
  })

  test('of an owner open what their maker’s opens; to read where they are to read', async () => {
    for (const [role, status] of [
      ['ORG_OWNER', 200],
      ['ORG_READ_ONLY', 401],
    ] as const) {
      const key = await made(orgKeys('POST', '', { desc: role, roles: [role] }))
      expect((await orgKeys('GET', `/${key.id}`)).body.roles[0].roleName).toBe(role)
      expect((await atlas.v1('PATCH', '', { as: key, body: { name: 'test' } })).status).toBe(status)
      expect((await orgKeys('PATCH', `/${key.id}`, { desc: 'other', roles: [role] })).body.desc).toBe('other')
      expect((await orgKeys('PATCH', `/${key.id}`, { roles: ['ORG_MEMBER'] })).body.errorCode).toBe(
        'FEATURE_UNSUPPORTED',
      )
    }
  })

  test('are for the first operator alone', async () => {
    const owner = await atlas.aKey('owner')
    for (const [method, below] of [
      ['GET', ''],
      ['GET', `/${owner.id}`],
      ['DELETE', `/${owner.id}`],
    ] as const)
      expect((await orgKeys(method, below, undefined, owner)).body.errorCode).toBe('USER_UNAUTHORIZED')
  })
})

describe('client networks of a key', () => {
  test('count at once, and are gone when they are removed', async () => {
    const key = await made(keys('POST', '', { desc: 'bound', roles: ['GROUP_READ_ONLY'] }))
    const at = `/${key.id}/accessList`
    const { status, body } = await orgKeys('POST', at, [{ ipAddress: '203.0.113.9' }, { cidrBlock: '10.0.0.0/8' }])
    expect([status, body.results.map((one: { cidrBlock: string }) => one.cidrBlock)]).toEqual([
      200,
      ['203.0.113.9/32', '10.0.0.0/8'],
    ])
    expect((await atlas.v1('GET', '', { as: key })).body.errorCode).toBe('IP_ADDRESS_NOT_ON_ACCESS_LIST')
    const headers = { 'x-forwarded-for': '203.0.113.9' }
    expect((await atlas.v1('GET', '', { as: key, headers })).status).toBe(200)
    expect((await orgKeys('GET', `${at}/203.0.113.9`)).body).toMatchObject({ ipAddress: '203.0.113.9', count: 0 })
    expect((await orgKeys('DELETE', `${at}/203.0.113.9%2F32`)).status).toBe(204)
    expect((await orgKeys('DELETE', `${at}/203.0.113.9`)).body).toMatchObject({
      error: 404,
      errorCode: 'IP_ADDRESS_NOT_FOUND',
    })
    expect((await orgKeys('DELETE', `${at}/10.0.0.0%2F8`)).status).toBe(204)
    expect((await orgKeys('GET', at)).body.totalCount).toBe(0)
    expect((await atlas.v1('GET', '', { as: key })).status).toBe(200)
  })
})
