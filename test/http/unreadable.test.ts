import { Agent, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterEach, describe, expect, test } from 'vitest'
import { aServer } from './a-server.ts'

/** What is no HTTP reaches no route: it is answered all the same, and its socket is not used again. */
const open: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map(http => http.close()))
})

async function listening(overrides?: Parameters<typeof aServer>[0]) {
  const made = aServer(overrides)
  open.push(made.http)
  await made.http.listen({ host: '127.0.0.1', port: 0 })
  return { ...made, port: (made.http.server.address() as AddressInfo).port }
}

/** Everything that comes back until the server ends the connection. */
function saying(port: number, ...texts: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => {
      for (const text of texts) socket.write(text)
    })
    socket.on('data', chunk => {
      answer += chunk
    })
    socket.on('error', reject)
    socket.on('end', () => {
      socket.destroy()
      resolve(answer)
    })
  })
}

const UNREADABLE: readonly (readonly [string, string, number])[] = [
  ['no HTTP at all', 'geheim\r\n\r\n', 400],
  ['a space in the address', 'GET /a b/c HTTP/1.1\r\nhost: x\r\n\r\n', 400],
  ['letters beyond ASCII in a header’s name', 'GET / HTTP/1.1\r\nhost: x\r\nschlüssel: geheim\r\n\r\n', 400],
  ['more headers than fit', `GET /livez HTTP/1.1\r\nhost: x\r\nx-long: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
  ['a body that is no body', 'POST /livez HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n', 400],
]

describe('a request that can not be read', () => {
  test.each(UNREADABLE)('is told so, in words that every client finds: %s', async (_what, text, status) => {
    const { port } = await listening()
    const answer = await saying(port, text)
    const [head = '', body = ''] = answer.split('\r\n\r\n')
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} .+\r\n`))
    expect(head).toMatch(/^connection: close$/im)
    expect(head).toMatch(/^content-type: application\/json$/im)
    expect(head).toContain(`content-length: ${Buffer.byteLength(body)}`)
    expect(JSON.parse(body)).toEqual({ code: status, id: 'bad_request', message: expect.stringMatching(/^.{10,80}$/) })
  })

  test('costs its client nothing but itself: the next one goes over another connection', async () => {
    const { port } = await listening()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request({ port, path: '/livez', agent, headers }, answer => {
          answer.resume().on('end', () => resolve(answer.statusCode))
        })
        asked.on('error', reject).end()
      })
    for (const next of [1, 2, 3]) {
      expect([next, await ask({ 'x-long': 'y'.repeat(20_000) })]).toEqual([next, 431])
      expect([next, await ask({})]).toEqual([next, 200])
    }
    agent.destroy()
  })

  test('leaves none of its bytes in the log, however much is logged', async () => {
    const lines: string[] = []
    const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) })
    const { port } = await listening({ log })
    for (const [, text] of UNREADABLE) await saying(port, text)
    const all = lines.join('')
    expect(lines.length).toBeGreaterThanOrEqual(UNREADABLE.length)
    const forms = ['geheim', [...Buffer.from('geheim')].join(',')]
    expect(forms.filter(form => all.includes(form))).toEqual([])
  })
})
