import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { VERSION } from '../../src/version.ts'
import { aServer } from './a-server.ts'

const open: FastifyInstance[] = []
function start(...args: Parameters<typeof aServer>) {
  const made = aServer(...args)
  open.push(made.http)
  return made
}
afterEach(async () => {
  await Promise.all(open.splice(0).map(http => http.close()))
})

describe('request ids', () => {
  test('keeps the one that a caller sent', async () => {
    const { http } = start()
    const answer = await http.inject({ url: '/livez', headers: { 'x-request-id': 'order-7:2.b_c' } })
    expect(answer.headers['x-request-id']).toBe('order-7:2.b_c')
  })

  test.each(['', 'with space', 'a'.repeat(129), 'quote"', 'ümlaut'])('gives a new one instead of %j', async own => {
    const { http } = start()
    const answer = await http.inject({ url: '/livez', headers: { 'x-request-id': own } })
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('stands on answers to paths that are nobody’s', async () => {
    const { http } = start()
    const answer = await http.inject({ url: '/nothing', headers: { 'x-request-id': 'mine' } })
    expect([answer.statusCode, answer.headers['x-request-id']]).toEqual([404, 'mine'])
  })
})

describe('the log', () => {
  test('has one line a request, with the id that the client got, and no query, body or header', async () => {
    const { http, lines } = start()
    http.post('/things/:id', async () => ({ fine: true }))
    const answer = await http.inject({
      method: 'POST',
      url: '/things/7?token=geheim-query',
      headers: { authorization: 'Bearer geheim-header' },
      payload: { password: 'geheim-body' },
    })
    await sleep(10)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatchObject({
      requestId: answer.headers['x-request-id'],
      method: 'POST',
      path: '/things/7',
      status: 200,
      dialect: 'none',
      address: '127.0.0.1',
    })
    expect(JSON.stringify(lines)).not.toContain('geheim')
  })

  test('shows the route where the path is a credential', async () => {
    const { http, lines } = start()
    http.get('/tokens/:token', { config: { secretPath: true } }, async () => ({}))
    await http.inject('/tokens/geheim')
    await sleep(10)
    expect(lines[0]).toMatchObject({ path: '/tokens/:token' })
    expect(JSON.stringify(lines)).not.toContain('geheim')
  })

  test('names the dialect, also for paths of its own that it does not have', async () => {
    const { http, lines } = start()
    http.register(
      async scope => {
        scope.decorate('dialect', 'native')
        scope.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ by: 'native' }))
        scope.get('/here', async () => ({}))
      },
      { prefix: '/rolecall/v1' },
    )
    await http.inject('/rolecall/v1/here')
    const answer = await http.inject('/rolecall/v1/elsewhere')
    await sleep(10)
    expect(answer.json()).toEqual({ by: 'native' })
    expect(lines.map(({ dialect, status }) => [dialect, status])).toEqual([
      ['native', 200],
      ['native', 404],
    ])
  })

  test('has one line for a caller that hung up', async () => {
    const { http, lines } = start()
    http.get('/slow', async () => {
      await sleep(150)
      return {}
    })
    await http.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect(portOf(http), '127.0.0.1')
    socket.write('GET /slow HTTP/1.1\r\nhost: x\r\n\r\n')
    await sleep(50)
    socket.destroy()
    await sleep(200)
    expect(lines.filter(line => line.msg === 'request')).toMatchObject([{ path: '/slow', status: 499, hungUp: true }])
  })

  test('keeps an unexpected error to itself', async () => {
    const { http, lines } = start()
    http.get('/broken', async () => {
      throw Object.assign(new Error('inner words'), { query: 'select geheim' })
    })
    const answer = await http.inject('/broken')
    await sleep(10)
    expect(answer.statusCode).toBe(500)
    expect(answer.body).not.toMatch(/inner words|at .*\.ts/)
    expect(lines.map(line => line.msg)).toEqual(['failed', 'request'])
  })
})

describe('paths that are nobody’s', () => {
  test('are 404 in JSON', async () => {
    const answer = await start().http.inject('/nothing/here')
    expect(answer.headers['content-type']).toContain('application/problem+json')
    expect(answer.json()).toMatchObject({ status: 404, title: 'Not found' })
  })

  test('are 405 with Allow where another method would do', async () => {
    const { http } = start()
    http.put('/a/:b/c', async () => ({}))
    expect((await http.inject({ method: 'DELETE', url: '/livez' })).headers.allow).toBe('GET, HEAD')
    expect((await http.inject('/a/x/c')).statusCode).toBe(405)
    expect((await http.inject('/a//c')).statusCode).toBe(404)
  })

  test('tell case and trailing slash apart', async () => {
    const { http } = start()
    expect((await http.inject('/Livez')).statusCode).toBe(404)
    expect((await http.inject('/livez/')).statusCode).toBe(404)
  })

  test('refuse a body that is too large', async () => {
    const { http } = start()
    http.post('/body', async () => ({}))
    const answer = await http.inject({ method: 'POST', url: '/body', payload: { text: 'x'.repeat(2000) } })
    expect(answer.json()).toMatchObject({ status: 413 })
  })

  test.each(['/%zz', '/%ff', '/a%'])('take %s as it stands: whoever serves the path says what it is', async url => {
    const answer = await start().http.inject({ url, headers: { 'x-request-id': 'mine' } })
    expect(answer.json()).toMatchObject({ status: 404, instance: 'mine' })
    expect(answer.headers['x-request-id']).toBe('mine')
  })
})

describe('health', () => {
  test('is alive and ready', async () => {
    const { http } = start()
    expect((await http.inject('/livez')).json()).toEqual({ status: 'alive' })
    expect((await http.inject('/readyz')).json()).toEqual({ status: 'ready' })
  })

  test('says why it is not ready, and is alive all the same', async () => {
    const { http } = start({ ready: () => Promise.reject(new Error('the store does not answer')) })
    const answer = await http.inject('/readyz')
    expect(answer.json()).toMatchObject({ status: 503, detail: 'Not ready: the store does not answer' })
    expect((await http.inject('/livez')).statusCode).toBe(200)
  })

  test('does not wait for a store that hangs', async () => {
    const { http } = start({ ready: () => new Promise(() => undefined) })
    const answer = await http.inject('/readyz')
    expect(answer.json().detail).toContain('did not answer within')
  })

  test('counts requests by route and not by path', async () => {
    const { http } = start()
    http.get('/things/:id', async () => ({}))
    await http.inject('/things/1')
    await http.inject('/things/2')
    const { body } = await http.inject('/metrics')
    expect(body).toContain(
      'rolecall_http_request_duration_seconds_count{dialect="none",method="GET",route="/things/:id",status="200"} 2',
    )
    expect(body).toContain('process_resident_memory_bytes')
  })
})

describe('the landing page', () => {
  test('is HTML for browsers, and links what is served', async () => {
    const { http } = start()
    http.get('/openapi/native.json', async () => ({}))
    const answer = await http.inject({ url: '/', headers: { accept: 'text/html,*/*' } })
    expect(answer.headers['content-type']).toContain('text/html')
    expect(answer.body).toContain('href="/openapi/native.json"')
    expect(answer.body).not.toContain('href="/openapi/wiremock.json"')
  })

  test('is JSON for everybody else', async () => {
    const { http } = start()
    expect((await http.inject('/')).json()).toEqual({
      name: 'rolecall',
      version: VERSION,
      documents: ['/docs', '/livez', '/metrics', '/readyz'],
    })
  })
})

describe('closing', () => {
  test('takes no more connections, finishes what runs, and tells endless streams', async () => {
    const { http } = start()
    let isTold = false
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
    http.get('/slow', async () => {
      reach()
      http.closing.addEventListener('abort', () => {
        isTold = true
      })
      await sleep(200)
      return { finished: true }
    })
    await http.listen({ port: 0, host: '127.0.0.1' })
    const url = `http://127.0.0.1:${portOf(http)}`
    const running = fetch(`${url}/slow`)
    await reached
    const closed = http.close()
    await expect(fetch(`${url}/livez`)).rejects.toThrow()
    expect(await (await running).json()).toEqual({ finished: true })
    await closed
    expect(isTold).toBe(true)
  })
})

describe('streams without an end', () => {
  test('do not hold up the closing', async () => {
    const { http } = start()
    http.get('/events', async (_request, reply) => reply.type('text/event-stream').send(endless()))
    await http.listen({ port: 0, host: '127.0.0.1' })
    const answer = await fetch(`http://127.0.0.1:${portOf(http)}/events`)
    const read = answer.text().catch(() => 'cut')
    const began = performance.now()
    await http.close()
    expect(performance.now() - began).toBeLessThan(2000)
    expect(await read).toBe('cut')
  })
})

function endless(): Readable {
  const stream = new Readable({ read: () => undefined })
  stream.push(': here\n\n')
  return stream
}

function portOf(http: FastifyInstance): number {
  return (http.server.address() as { port: number }).port
}
