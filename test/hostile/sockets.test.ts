import { mkdtempSync, rmSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Founded, found, memoryOf, type Serving, send, serving } from '../support/serving.ts'

/** `npm run test:hostile` opens ten thousand. */
const CONNECTIONS = process.env.ROLECALL_HOSTILE_CASES ? 10_000 : 2_000

/** What the process may hold at most, whatever is thrown at it. */
const MOST_MB = 600

const folder = mkdtempSync(join(tmpdir(), 'rolecall-sockets-'))
let home: Founded
let rolecall: Serving
let port: number

beforeAll(async () => {
  home = await found({ folder })
  rolecall = await serving({ folder, flags: { '--limits-rate-per-minute': '0' } })
  port = Number(new URL(rolecall.origin).port)
})

afterAll(async () => {
  await rolecall?.kill()
  rmSync(folder, { recursive: true, force: true })
})

/** Still there, still answering, and not grown fat. */
afterEach(async ({ task }) => {
  const answer = await send(rolecall.origin, home.privateKey, { method: 'GET', url: '' })
  expect(answer.status).toBe(200)
  const { now, most } = memoryOf(rolecall.pid)
  console.info(`${task.name}: ${now} MB afterwards, ${most} MB at most`)
  expect(most).toBeLessThan(MOST_MB)
})

function dial(): Promise<Socket | undefined> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket))
    socket.on('error', () => resolve(undefined))
  })
}

/** Sends bytes as they are; answers what came back until the server hung up, or a moment passed. */
async function raw(bytes: string | Buffer, withinMs = 3_000): Promise<string> {
  const socket = await dial()
  if (!socket) return ''
  let text = ''
  socket.on('data', piece => (text += piece))
  socket.write(bytes)
  await Promise.race([
    new Promise(resolve => socket.once('close', resolve)),
    sleep(withinMs, undefined, { ref: false }),
  ])
  socket.destroy()
  return text
}

const head = (length: number | string, more = '') =>
  `POST /rolecall/v1/projects HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${home.privateKey}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`

const statusOf = (text: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1])

test('bodies that never end, or say less or more than they are, are refused', async () => {
  const megabyte = Buffer.alloc(1_048_576, 'x')
  const flood = Array.from({ length: 30 }, async () => {
    const socket = await dial()
    socket?.write(head(10_737_418_240))
    for (let sent = 0; socket && !socket.destroyed && sent < 20; sent++) {
      socket.write(megabyte)
      await sleep(5)
    }
    socket?.destroy()
  })
  await Promise.all(flood)
  expect(statusOf(await raw(head(70_000) + 'x'.repeat(70_000)))).toBe(413)
  expect(statusOf(await raw(`${head(5)}{}{}{}{}{}`))).toBe(400)
  expect(statusOf(await raw(`${head('-1')}{}`))).toBe(400)
  expect(statusOf(await raw(`${head(2, 'Transfer-Encoding: chunked\r\n')}{}`))).toBe(400)
  const deep = '['.repeat(30_000)
  expect(statusOf(await raw(head(deep.length) + deep))).toBe(400)
  const bomb = `{"name":"x","policy":${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}}`
  expect([400, 413, 422]).toContain(statusOf(await raw(head(bomb.length) + bomb)))
}, 60_000)

test('wrong encodings, broken requests and oversized headers get a 4xx or are cut off', async () => {
  const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff, 0xfe, 0xc0, 0x80]), Buffer.from('"}')])
  const answers = [
    await raw(Buffer.concat([Buffer.from(head(body.length)), body])),
    await raw(`${head(4, 'Content-Encoding: gzip\r\n')}\x1f\x8b\x08\x00`),
    await raw('GET / HTTP/9.9\r\n\r\n'),
    await raw('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'),
    await raw(`GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`),
    await raw(`GET / HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(100_000)}\r\n\r\n`),
    await raw('GET /%c0%ae%c0%ae/%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    await raw('GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n'),
  ]
  for (const answer of answers) {
    if (answer === '') continue
    expect(statusOf(answer), answer.slice(0, 200)).toBeGreaterThanOrEqual(400)
    expect(statusOf(answer), answer.slice(0, 200)).toBeLessThan(500)
  }
}, 60_000)

test('headers and bodies that come a byte at a time keep nobody waiting', async () => {
  const slow = await Promise.all(Array.from({ length: 300 }, dial))
  for (const [at, socket] of slow.entries()) socket?.write(at % 2 ? 'GET / HTTP/1.1\r\nX-Slow: ' : `${head(1_000)}{`)
  for (let n = 0; n < 10; n++) {
    for (const socket of slow) socket?.write('a')
    const began = performance.now()
    expect((await send(rolecall.origin, home.privateKey, { method: 'GET', url: '' })).status).toBe(200)
    expect(performance.now() - began).toBeLessThan(2_000)
    await sleep(50)
  }
  for (const socket of slow) socket?.destroy()
}, 60_000)

test(`${CONNECTIONS} connections at once leave room for one more request`, async () => {
  const open: Socket[] = []
  for (let at = 0; at < CONNECTIONS; at += 500) {
    const some = await Promise.all(Array.from({ length: 500 }, dial))
    open.push(...some.filter(socket => socket !== undefined))
  }
  expect(open.length).toBe(CONNECTIONS)
  for (const socket of open) socket.write('GET /livez HTTP/1.1\r\nHost: x\r\n\r\n')
  expect((await send(rolecall.origin, home.privateKey, { method: 'GET', url: '' })).status).toBe(200)
  const { now } = memoryOf(rolecall.pid)
  console.info(`${open.length} connections are open: ${now} MB`)
  for (const socket of open) socket.destroy()
}, 120_000)
