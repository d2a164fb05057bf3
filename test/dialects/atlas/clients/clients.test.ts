import { createServer, type IncomingHttpHeaders, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { curl, nodeClient, originOf, pythonRequests } from '../../../support/atlas/clients.ts'
import { mongodbServers } from '../../../support/servers.ts'
import { type Atlas, anAtlas } from '../atlas.ts'

let atlas: Atlas
let group: string
beforeAll(async () => {
  atlas = await anAtlas()
  group = atlas.running.project
  await atlas.running.connect(await mongodbServers()[0]!.start(), { instanceName: 'orders-eu' })
}, 120_000)
afterAll(() => atlas?.[Symbol.asyncDispose]())

/** Of the published list. */
const ROLES = [
  { databaseName: 'staging', roleName: 'readWrite' },
  { databaseName: 'production', roleName: 'read' },
]

const v1 = () => `/api/atlas/v1.0/groups/${group}`

describe('curl --digest (trap 9)', () => {
  test('reads, with a query', async () => {
    const { status, text } = await curl(atlas.running, { method: 'GET', path: `${v1()}/clusters?pretty=true` })
    expect(status).toBe(200)
    expect(text).toMatch(
      /^\{\n {2}"links" : \[ \{\n {4}"href" : "http:\/\/127\.0\.0\.1:\d+\/api\/atlas\/v1\.0\/groups\//,
    )
    expect(JSON.parse(text).results[0].name).toBe('orders-eu')
  })

  test('writes with the type that it sends by itself, which is a form’s', async () => {
    const created = await curl(atlas.running, {
      method: 'POST',
      path: `${v1()}/accessList`,
      body: [{ ipAddress: '192.0.2.1' }],
    })
    expect([created.status, JSON.parse(created.text).totalCount]).toEqual([201, 1])
    expect((await curl(atlas.running, { method: 'PATCH', path: v1(), body: { name: 'by-curl' } })).status).toBe(200)
    const gone = await curl(atlas.running, { method: 'DELETE', path: `${v1()}/accessList/192.0.2.1%2F32` })
    expect([gone.status, gone.text]).toEqual([204, ''])
  })

  test('asks v2 with an Accept of its own', async () => {
    const ask = (headers = {}) => curl(atlas.running, { method: 'GET', path: `/api/atlas/v2/groups/${group}`, headers })
    expect((await ask()).status).toBe(406)
    expect((await ask({ accept: 'application/vnd.atlas.2024-08-05+json' })).status).toBe(200)
  })

  test('knows SHA-256, where the server is set to it', async () => {
    await using other = await anAtlas({ flags: { '--atlas-digest-algorithm': 'SHA-256' } })
    const path = `/api/atlas/v1.0/groups/${other.running.project}`
    expect((await curl(other.running, { method: 'GET', path })).status).toBe(200)
  })

  test('lists database users in the published shape', async () => {
    const body = {
      databaseName: 'admin',
      username: 'susan',
      password: 'teal-Harbor-91',
      roles: ROLES,
      scopes: [{ name: 'orders-eu', type: 'CLUSTER' }],
    }
    for (const username of ['susan', 'susan/b'])
      expect(
        (await curl(atlas.running, { method: 'POST', path: `${v1()}/databaseUsers`, body: { ...body, username } }))
          .status,
      ).toBe(201)
    const { status, text } = await curl(atlas.running, {
      method: 'GET',
      path: `${v1()}/databaseUsers?pretty=true&itemsPerPage=1`,
    })
    expect(status).toBe(200)
    const at = `${originOf(atlas.running)}${v1()}/databaseUsers`
    expect(text).toMatch(/"totalCount" : \d+\n\}$/)
    expect(text.replace(/"totalCount" : \d+/, '"totalCount" : N')).toBe(`{
  "links" : [ {
    "href" : "${at}?includeCount=true&pageNum=1&itemsPerPage=1&pretty=true",
    "rel" : "self"
  }, {
    "href" : "${at}?includeCount=true&itemsPerPage=1&pageNum=2&pretty=true",
    "rel" : "next"
  } ],
  "results" : [ {
    "awsIAMType" : "NONE",
    "databaseName" : "admin",
    "groupId" : "${group}",
    "labels" : [ ],
    "ldapAuthType" : "NONE",
    "links" : [ {
      "href" : "${at}/admin/susan",
      "rel" : "self"
    } ],
    "oidcAuthType" : "NONE",
    "roles" : [ {
      "databaseName" : "staging",
      "roleName" : "readWrite"
    }, {
      "databaseName" : "production",
      "roleName" : "read"
    } ],
    "scopes" : [ {
      "name" : "orders-eu",
      "type" : "CLUSTER"
    } ],
    "username" : "susan",
    "x509Type" : "NONE"
  } ],
  "totalCount" : N
}`)
    for (const name of ['susan', 'susan%2Fb'])
      expect(
        (await curl(atlas.running, { method: 'DELETE', path: `${v1()}/databaseUsers/admin/${name}` })).status,
      ).toBe(204)
  }, 60_000)

  test('takes a base that ends in a slash', async () => {
    expect((await curl(atlas.running, { method: 'GET', path: `/${v1()}` })).status).toBe(200)
  })
})

describe('requests for Python (trap 10)', () => {
  test('is challenged once in a session, and counts on with the same nonce', async () => {
    const answers = await pythonRequests(atlas.running, [
      { method: 'GET', path: v1() },
      { method: 'POST', path: `${v1()}/accessList`, body: [{ cidrBlock: '10.0.0.0/8' }] },
      { method: 'DELETE', path: `${v1()}/accessList/10.0.0.0%2F8` },
      { method: 'GET', path: `${v1()}/clusters?itemsPerPage=1` },
      { method: 'GET', path: `${v1()}/clusters/nothing` },
    ])
    expect(answers.map(({ status, challenges, nc }) => [status, challenges, nc])).toEqual([
      [200, 1, '00000001'],
      [201, 0, '00000002'],
      [204, 0, '00000003'],
      [200, 0, '00000004'],
      [404, 0, '00000005'],
    ])
    expect(answers[4]!.body).toMatchObject({ errorCode: 'CLUSTER_NOT_FOUND', reason: 'Not Found' })
  }, 120_000)
})

describe('mongodb-atlas-api-client for Node (traps 3 and 4)', () => {
  test('reads and writes whatever its counter stands at', async () => {
    const client = nodeClient(atlas.running)
    expect((await client.project.getById(group)).id).toBe(group)
    const all = await client.project.getAll({ pretty: true, envelope: true, itemsPerPage: 10, pageNum: 1 })
    expect(all).toMatchObject({ status: 200, content: { totalCount: 1 } })
    const { name } = await client.project.getById(group)
    expect((await client.project.getByName(encodeURIComponent(name))).id).toBe(group)
    expect((await client.cluster.getAll()).results).toHaveLength(1)
    expect((await client.cluster.get('orders-eu')).stateName).toBe('IDLE')
    expect((await client.organization.getAll()).results[0].id).toBe(atlas.org)
    const created = await client.project.create({ name: 'by-node', orgId: atlas.org })
    expect(created.name).toBe('by-node')
    await client.project.delete(created.id)
    expect(await client.project.getById(created.id)).toMatchObject({ error: 404, errorCode: 'GROUP_NOT_FOUND' })
  }, 120_000)

  test('manages database users', async () => {
    const { user } = nodeClient(atlas.running)
    const made = await user.create({
      username: 'by-node',
      password: 'teal-Harbor-91',
      databaseName: 'admin',
      roles: ROLES,
    })
    expect(made).toMatchObject({ username: 'by-node', groupId: group, roles: ROLES, scopes: [] })
    expect(await user.update('by-node', { roles: ROLES.slice(1), password: 'slate-Harbor-92' })).toMatchObject({
      roles: ROLES.slice(1),
    })
    const listed = await user.getAll({ pretty: true, envelope: true, itemsPerPage: 500 })
    expect(listed.content.results.map((one: { username: string }) => one.username)).toContain('by-node')
    await user.delete('by-node')
    expect(await user.get('by-node')).toMatchObject({
      error: 404,
      errorCode: 'USERNAME_NOT_FOUND',
      reason: 'Not Found',
    })
  }, 60_000)

  test('manages an access list', async () => {
    const { projectAccesslist } = nodeClient(atlas.running)
    const created = await projectAccesslist.create([{ ipAddress: '192.0.2.50', comment: 'by node' }])
    expect(created.results.at(-1)).toMatchObject({ ipAddress: '192.0.2.50', comment: 'by node' })
    expect((await projectAccesslist.get('192.0.2.50')).comment).toBe('by node')
    await projectAccesslist.delete('192.0.2.50')
    expect(await projectAccesslist.get('192.0.2.50')).toMatchObject({ error: 404 })
  })

  test('manages the same list by its older name', async () => {
    const { projectWhitelist, projectAccesslist } = nodeClient(atlas.running)
    await projectWhitelist.create([{ ipAddress: '192.0.2.51', comment: 'of old' }])
    expect((await projectAccesslist.get('192.0.2.51')).comment).toBe('of old')
    expect((await projectWhitelist.getAll()).totalCount).toBe(1)
    await projectWhitelist.delete('192.0.2.51')
    expect(await projectWhitelist.get('192.0.2.51')).toMatchObject({ error: 404 })
  })

  test('sends no algorithm, and that means MD5', async () => {
    const seen: IncomingHttpHeaders[] = []
    await using between = await listening(originOf(atlas.running), headers => seen.push(headers))
    const running = { ...atlas.running, app: { ...atlas.running.app, http: { server: between.server } } } as never
    expect((await nodeClient(running).project.getById(group)).id).toBe(group)
    const { authorization = '' } = seen.at(-1)!
    expect(authorization).toMatch(/^Digest /)
    expect(authorization).not.toMatch(/algorithm/i)
    expect(authorization).toMatch(/nc=0{6,7}[1-9a-f]/)
  })
})

/** A way through that hears what a client sends. */
async function listening(to: string, hear: (headers: IncomingHttpHeaders) => void) {
  const server = createServer((asked, reply) => {
    hear(asked.headers)
    const { method, url, headers } = asked
    asked.pipe(
      request(`${to}${url}`, { method, headers }, answer => {
        reply.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(reply)
      }),
    )
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = () => server.address() as AddressInfo
  return { server, address, [Symbol.asyncDispose]: async () => void server.close() }
}
