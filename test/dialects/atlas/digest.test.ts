import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { responseFor } from '../../../src/services/callers/digest/digest.ts'
import { type Atlas, anAtlas } from './atlas.ts'

let atlas: Atlas

beforeAll(async () => {
  atlas = await anAtlas()
})
afterAll(() => atlas?.[Symbol.asyncDispose]())

describe('the challenge', () => {
  test('is byte for byte that of the hosted API', async () => {
    const { status, headers, text } = await atlas.v1('GET', '/databaseUsers', { as: null })
    expect(status).toBe(401)
    expect(headers['www-authenticate']).toMatch(
      /^Digest realm="MMS Public API", domain="", nonce="[A-Za-z0-9+/]{32}", algorithm=MD5, qop="auth", stale=false$/,
    )
    expect(headers['content-type']).toBe('application/json')
    expect(text).toBe(
      '{\n  "error" : 401,\n  "reason" : "Unauthorized",\n  "detail" : "You are not authorized for this resource.",\n  "errorCode" : "UNEXPECTED_ERROR"\n}',
    )
  })
})

test('a project is read by its key', async () => {
  const { status, body } = await atlas.v1('GET', '')
  expect({ status, body }).toMatchObject({ status: 200, body: { id: atlas.running.project, clusterCount: 0 } })
})

test('the check vector of the contract', () => {
  const vector = {
    username: 'qzvtkmpe',
    method: 'GET',
    uri: '/api/atlas/v1.0/groups/64b7e0f1a2c3d4e5f6a7b8c9/databaseUsers?pretty=true',
    nonce: '0123456789abcdefghijklmnopqrstuv',
    nc: '00000001',
    cnonce: 'f00dfacecafebabe',
  }
  expect(vector).toBeTruthy()
  expect(responseFor('MD5', 'x', vector)).toHaveLength(32)
})
