import { createServer, type Server, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aConnection, aName, aWiremock, detailsOf, type Wiremock } from './wiremock.ts'

let wiremock: Wiremock
let server: TestServer
const closing: (() => void)[] = []
beforeAll(async () => {
  server = await postgresqlServer()
  wiremock = await aWiremock()
})
afterAll(async () => {
  for (const close of closing) close()
  await wiremock[Symbol.asyncDispose]()
})

/** A server that does this with whoever comes; answers its port, and counts who is still there. */
async function aServer(greet: (socket: Socket) => void): Promise<{ port: number; open: () => number }> {
  const sockets = new Set<Socket>()
  const listening: Server = createServer(socket => {
    sockets.add(socket)
    // Read, or its end would never be noticed.
    socket
      .resume()
      .on('error', () => undefined)
      .on('close', () => sockets.delete(socket))
    greet(socket)
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => listening.once('listening', resolve))
  closing.push(() => {
    for (const socket of sockets) socket.destroy()
    listening.close()
  })
  return { port: (listening.address() as { port: number }).port, open: () => sockets.size }
}

const coordinates = (own: object = {}) => {
  const { host, port, database: databaseName, username, password } = server
  return { databaseType: 'POSTGRESQL', host, port, databaseName, username, password, ...own }
}
const typed = (body: unknown, in_: Wiremock = wiremock) => in_.ask('POST', `${in_.home}/test`, { body })
const failure = (detail: string) => ({
  outcome: 'FAILURE',
  errors: [{ title: 'Could not connect to database.', detail }],
})

describe('coordinates as typed in', () => {
  test('that are right', async () => {
    const answer = await typed(coordinates())
    expect([answer.status, answer.text]).toEqual([200, '{"outcome":"SUCCESS"}'])
  })
  test('with a wrong password: the published pair', async () => {
    const answer = await typed(coordinates({ password: 'wrong' }))
    expect([answer.status, answer.text]).toEqual([
      200,
      '{"outcome":"FAILURE","errors":[{"title":"Could not connect to database.","detail":"Password authentication attempt was rejected."}]}',
    ])
  })
  test('with a database that is not there', async () => {
    expect((await typed(coordinates({ databaseName: 'nowhere' }))).body).toEqual(
      failure('The database does not exist.'),
    )
  })
  test('with a dead port', async () => {
    const { body } = await typed(coordinates({ port: 1 }))
    expect(body).toEqual(failure('The server refused the connection on that port.'))
  })
  test('with a name that leads nowhere', async () => {
    const { body } = await typed(coordinates({ host: 'nowhere.invalid' }))
    expect(body).toEqual(failure('The server name could not be resolved.'))
  })
  test('with an address that the policy blocks, as a name and as itself', async () => {
    const own = await aWiremock({ flags: { '--network-allow': '10.0.0.0/8' } })
    for (const host of ['localhost', '127.0.0.1', '169.254.169.254']) {
      const { status, body } = await typed(coordinates({ host }), own)
      expect([status, body]).toEqual([200, failure("The address is blocked by this server's network policy.")])
    }
    await own[Symbol.asyncDispose]()
  })
  test('of another kind of server', async () => {
    const { port, open } = await aServer(socket => socket.write('HTTP/1.1 200 OK\r\nsecret-banner: x\r\n\r\n'))
    const answer = await typed(coordinates({ port }))
    expect(answer.body).toEqual(failure('The server is not of the expected kind.'))
    await expect.poll(open).toBe(0)
  })
  test('of a server that says nothing: the attempt has its time, and then the socket is closed', async () => {
    const { port, open } = await aServer(() => undefined)
    const began = Date.now()
    const { body } = await typed(coordinates({ port, rolecall: { options: { connectTimeoutMs: 300 } } }))
    expect(body).toEqual(failure('The connection attempt timed out.'))
    expect(Date.now() - began).toBeLessThan(3000)
    await expect.poll(open).toBe(0)
  })
  test('with TLS wanted from a server that has none', async () => {
    const { body } = await typed(coordinates({ rolecall: { tls: { mode: 'require' } } }))
    expect(body).toEqual(failure('The TLS handshake with the server failed.'))
  })
  test('of an engine that is not driven yet', async () => {
    const { body } = await typed(coordinates({ databaseType: 'MYSQL', port: 3306 }))
    expect(body.outcome).toBe('FAILURE')
  })
  test('that are no coordinates: 400, with pointers that have no envelope', async () => {
    const answer = await typed({
      databaseType: 'POSTGRESQL',
      host: 'x',
      databaseName: 'y',
      username: 'z',
      password: null,
    })
    expect(answer.status).toBe(400)
    expect(answer.body).toEqual({
      errors: [
        {
          title: 'Invalid JSON',
          detail: 'json pointer /port not present; it is required and must have json type number',
          source: {},
        },
        {
          title: 'Invalid JSON',
          detail: 'json pointer /password has json type null; it must have json type string',
          source: {},
        },
      ],
    })
    const values = await typed(coordinates({ port: 70_000, host: 'http://x', username: '' }))
    expect([values.status, detailsOf(values).map(detail => detail.split(' ')[2])]).toEqual([
      400,
      ['/host', '/port', '/username'],
    ])
  })
})

describe('a stored connection', () => {
  const testStored = (id: string, asking: object = { body: {} }, prefix = 'database-connections') =>
    wiremock.ask('POST', `/v1/${prefix}/${id}/test`, asking)

  test('is tried with its stored password, under both names, and remembers what came of it', async () => {
    const own = await aWiremock()
    const id = await own.create(coordinates())
    for (const prefix of ['database-connections', 'data-connections']) {
      const answer = await own.ask('POST', `/v1/${prefix}/${id}/test`, { body: {} })
      expect([answer.status, answer.text]).toEqual([200, '{"outcome":"SUCCESS"}'])
    }
    const { body } = await own.ask('GET', `/v1/data-connections/${id}?view=rolecall`)
    expect(body.databaseConnection.rolecall.lastTest).toMatchObject({ outcome: 'SUCCESS' })
    expect(body.databaseConnection.rolecall.version).toBe(1)
    await own[Symbol.asyncDispose]()
  })
  test('that was made with a wrong password', async () => {
    const made = await wiremock.ask('POST', wiremock.home, {
      body: { databaseConnection: { ...coordinates({ password: 'wrong' }), connectionName: aName() } },
    })
    expect(made.status).toBe(201)
    const { id } = made.body.databaseConnection
    expect((await testStored(id)).body).toEqual(failure('Password authentication attempt was rejected.'))
    const { body } = await wiremock.ask('GET', `/v1/data-connections/${id}?view=rolecall`)
    expect(body.databaseConnection.rolecall.lastTest.detail).toBe('Password authentication attempt was rejected.')
  })
  test('needs the right of an editor', async () => {
    const id = await wiremock.create(aConnection({ connectionName: aName(), host: '127.0.0.1', port: 1 }))
    const [viewer, editor] = [await wiremock.aMember('viewer'), await wiremock.aMember('editor')]
    expect((await testStored(id, { body: {}, key: viewer.key })).status).toBe(403)
    expect((await testStored(id, { body: {}, key: editor.key })).status).toBe(200)
    expect((await testStored(id, {})).status).toBe(200)
    expect((await testStored('nothere')).status).toBe(404)
  })
})

test('four at once, thirty a minute: then 429, and when to come back', async () => {
  const own = await aWiremock()
  const { port } = await aServer(() => undefined)
  const slow = coordinates({ port, rolecall: { options: { connectTimeoutMs: 500 } } })
  const atOnce = await Promise.all([1, 2, 3, 4, 5, 6].map(() => typed(slow, own)))
  expect(atOnce.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 429, 429])
  const refused = atOnce.find(({ status }) => status === 429)!
  expect(refused.body.errors[0].title).toBe('Too Many Requests')
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
  for (let n = 5; n <= 30; n += 1) await typed(coordinates({ port: 1 }), own)
  const late = await typed(coordinates({ port: 1 }), own)
  expect([late.status, Number(late.headers['retry-after']) > 1]).toEqual([429, true])
  await own[Symbol.asyncDispose]()
})
