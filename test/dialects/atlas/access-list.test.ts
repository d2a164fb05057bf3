import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Atlas, anAtlas } from './atlas.ts'

let atlas: Atlas
beforeAll(async () => {
  atlas = await anAtlas()
})
afterAll(() => atlas?.[Symbol.asyncDispose]())

const list = (method: string, below = '', body?: unknown) => atlas.v1(method, `/accessList${below}`, { body })
const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()

describe("a project's access list", () => {
  test('takes addresses and networks, and tells each in both forms', async () => {
    const { status, body } = await list('POST', '', [
      { ipAddress: '198.51.100.7', comment: 'office', awsSecurityGroup: null },
      { cidrBlock: '2001:db8::/32', ipAddress: '', groupId: atlas.running.project, links: [] },
      { ipAddress: '2001:db8::1' },
    ])
    expect([status, body.totalCount]).toEqual([201, 3])
    expect(
      body.results.map(({ cidrBlock, ipAddress, comment }: Record<string, string>) => [cidrBlock, ipAddress, comment]),
    ).toEqual([
      ['198.51.100.7/32', '198.51.100.7', 'office'],
      ['2001:db8::/32', undefined, ''],
      ['2001:db8::1/128', '2001:db8::1', ''],
    ])
    for (const entry of ['198.51.100.7', '198.51.100.7%2F32'])
      expect((await list('GET', `/${entry}`)).body.cidrBlock).toBe('198.51.100.7/32')
    expect((await list('GET', '/198.51.100.7/status')).body).toEqual({ STATUS: 'ACTIVE' })
    expect(body.results[1].links[0].href).toMatch(/\/accessList\/2001:db8::%2F32$/)
  })

  test('changes what is named already, and adds nothing twice', async () => {
    await list('POST', '', [{ cidrBlock: '10.0.0.0/8', comment: 'before' }])
    const { body } = await list('POST', '', [{ cidrBlock: '10.0.0.0/8', comment: 'after' }])
    const found = body.results.filter((one: { cidrBlock: string }) => one.cidrBlock === '10.0.0.0/8')
    expect(found.map((one: { comment: string }) => one.comment)).toEqual(['after'])
  })

  test('forgets what was named for a while', async () => {
    const deleteAfterDate = inDays(1)
    const { body } = await list('POST', '', [{ cidrBlock: '172.16.0.0/12', deleteAfterDate }])
    expect(body.results.at(-1).deleteAfterDate).toBe(`${deleteAfterDate.slice(0, 19)}Z`)
    const { store } = atlas.running.app
    const [own] = (await store.read.accessListEntries.list(atlas.running.project, 0)).slice(-1)
    await store.transaction(tables => tables.accessListEntries.set({ ...own!, deleteAt: Date.now() - 1 }))
    expect((await list('GET', '/172.16.0.0%2F12')).status).toBe(404)
  })

  test('loses what is removed, once', async () => {
    await list('POST', '', [{ ipAddress: '192.0.2.9' }])
    expect((await list('DELETE', '/192.0.2.9%2F32')).status).toBe(204)
    const again = await list('DELETE', '/192.0.2.9')
    expect(again.body).toMatchObject({
      error: 404,
      errorCode: 'ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND',
      parameters: ['192.0.2.9', atlas.running.project],
    })
  })

  test.each([
    ['INVALID_JSON', {}, []],
    ['VALIDATION_ERROR', [], []],
    ['MISSING_ATTRIBUTES', [{ comment: 'x' }], ['ipAddress', 'cidrBlock']],
    ['INVALID_ATTRIBUTE', [{ ipAdress: '192.0.2.1' }], ['0.ipAdress']],
    ['INVALID_JSON_ATTRIBUTE', [{ ipAddress: 7 }], ['0.ipAddress']],
    ['INVALID_IP_ADDRESS_OR_CIDR_NOTATION', [{ ipAddress: '192.0.2.0/24' }], ['192.0.2.0/24']],
    ['INVALID_IP_ADDRESS_OR_CIDR_NOTATION', [{ cidrBlock: '192.0.2.0/33' }], ['192.0.2.0/33']],
    ['INVALID_IP_ADDRESS_OR_CIDR_NOTATION', [{ cidrBlock: 'db.example.com' }], ['db.example.com']],
    ['FEATURE_UNSUPPORTED', [{ awsSecurityGroup: 'sg-1' }], ['security groups of AWS']],
    ['GROUP_MISMATCH', [{ ipAddress: '192.0.2.1', groupId: '0'.repeat(24) }], []],
    ['INVALID_DATE_FORMAT', [{ ipAddress: '192.0.2.1', deleteAfterDate: 'soon' }], ['soon']],
    [
      'INVALID_DATE_FORMAT',
      [{ ipAddress: '192.0.2.1', deleteAfterDate: '2031-02-30T00:00:00Z' }],
      ['2031-02-30T00:00:00Z'],
    ],
    ['EXPIRATION_DATE_IN_PAST', [{ ipAddress: '192.0.2.1', deleteAfterDate: '2020-01-01T00:00:00Z' }], []],
    ['EXPIRATION_DATE_EXCEEDS_MAX', [{ ipAddress: '192.0.2.1', deleteAfterDate: inDays(8) }], [7]],
    ['VALIDATION_ERROR', [{ ipAddress: '192.0.2.1', comment: 'x'.repeat(81) }], []],
  ])('refuses %s', async (code, body, parameters) => {
    const answer = await list('POST', '', body)
    expect([answer.status, answer.body.errorCode, answer.body.parameters]).toEqual([400, code, parameters])
  })

  test('takes all of a request or nothing', async () => {
    await list('POST', '', [{ ipAddress: '192.0.2.77' }, { ipAddress: 'nonsense' }])
    expect((await list('GET', '/192.0.2.77')).status).toBe(404)
  })

  test('is refused where it is more than a body may be', async () => {
    const { status, body } = await atlas.v1('POST', '/accessList', { payload: '['.padEnd(1_048_577) })
    expect([status, body.errorCode]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
  })
})
