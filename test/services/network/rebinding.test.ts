import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { isFault } from '../../../src/domain/fault.ts'
import { Secret } from '../../../src/domain/secret.ts'
import { createEngines } from '../../../src/engines/registry.ts'
import { targetOf } from '../../../src/services/links/targets.ts'
import { createNetworkGuard } from '../../../src/services/network/network-guard.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'
import { aNameServer } from './name-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await postgresqlServer()
})

const open: Server[] = []
afterEach(() => {
  for (const one of open.splice(0)) one.close()
})

async function listen(host: string, port: number, onSocket: (socket: Socket) => void) {
  const listener = createServer(onSocket)
  open.push(listener)
  listener.listen(port, host)
  await once(listener, 'listening')
  return (listener.address() as { port: number }).port
}

/** A PostgreSQL that is reached at 127.0.0.2, and beside it, on the same port of 127.0.0.1, what must never be touched. */
async function twoPlaces() {
  let touched = 0
  const port = await listen('127.0.0.2', 0, socket => {
    const onward = connect(server.port, server.host)
    for (const one of [socket, onward]) one.on('error', () => {})
    socket.pipe(onward).pipe(socket)
    socket.on('close', () => onward.destroy())
  })
  await listen('127.0.0.1', port, socket => {
    touched += 1
    socket.destroy()
  })
  return { port, touched: () => touched }
}

async function opening(port: number, lookup: (name: string) => Promise<readonly string[]>): Promise<string> {
  const rules = { allow: ['127.0.0.2'], deny: [], private: true, hosts: [], denyHosts: [], ports: [] }
  const guard = createNetworkGuard(rules, { lookup })
  const coordinates = {
    engine: 'postgresql' as const,
    host: 'db.example.test',
    port,
    hosts: [],
    database: server.database,
    username: server.username,
    tls: { mode: 'disable' as const },
    options: {},
  }
  const target = targetOf(coordinates, new Secret(server.password), {
    guard,
    credentials: [],
    statementTimeoutMs: 5_000,
  })
  try {
    const session = { installation: 'rebinding', operation: 'test' }
    await using _client = await createEngines().get('postgresql').open(target, session, AbortSignal.timeout(10_000))
    return 'open'
  } catch (error) {
    return isFault(error) ? error.code : String(error)
  }
}

describe('a name that leads elsewhere after it was checked', () => {
  test('takes nobody along: the socket goes to the address that was checked, and the name is asked for once', async () => {
    await using names = await aNameServer()
    const { port, touched } = await twoPlaces()
    names.answer(() => (names.asked === 1 ? ['127.0.0.2'] : ['127.0.0.1']))
    expect(await opening(port, names.lookup)).toBe('open')
    expect(names.asked).toBe(1)
    expect(await opening(port, names.lookup)).toBe('network_denied')
    expect([names.asked, touched()]).toEqual([2, 0])
  })

  test('however often it changes', async () => {
    await using names = await aNameServer()
    const { port, touched } = await twoPlaces()
    names.answer(() => [names.asked % 2 === 0 ? '127.0.0.1' : '127.0.0.2'])
    const outcomes: string[] = []
    for (let at = 0; at < 30; at += 1) outcomes.push(await opening(port, names.lookup))
    expect(new Set(outcomes)).toEqual(new Set(['open', 'network_denied']))
    expect(touched()).toBe(0)
  })

  test('or leads to both at once', async () => {
    await using names = await aNameServer()
    const { port, touched } = await twoPlaces()
    names.answer(() => ['127.0.0.2', '127.0.0.1'])
    expect(await opening(port, names.lookup)).toBe('network_denied')
    expect(touched()).toBe(0)
  })
})

test('a refusal takes as long whatever is there: a server, nothing, or a network that is not', async () => {
  await using names = await aNameServer()
  const { port, touched } = await twoPlaces()
  const targets: [string, number][] = [
    ['127.0.0.1', port],
    ['127.0.0.1', 1],
    ['169.254.169.254', 80],
    ['240.0.0.1', 5432],
  ]
  const quickest = new Map<string, number>()
  for (let round = 0; round < 8; round += 1) {
    for (const [address, at] of targets) {
      names.answer(() => [address])
      const begun = performance.now()
      expect(await opening(at, names.lookup)).toBe('network_denied')
      const place = `${address}:${at}`
      quickest.set(place, Math.min(quickest.get(place) ?? Number.POSITIVE_INFINITY, performance.now() - begun))
    }
  }
  const times = [...quickest.values()]
  expect(Math.min(...times)).toBeGreaterThanOrEqual(49)
  expect(Math.max(...times) - Math.min(...times), JSON.stringify([...quickest])).toBeLessThan(15)
  expect(touched()).toBe(0)
})
