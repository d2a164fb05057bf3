import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Parts } from '../../../../src/app.ts'
import type { Engine } from '../../../../src/engines/engine.ts'
import { hangUpOn } from '../../../support/clients/traffic.ts'
import { dotsWrapper } from '../../../support/digitalocean/dots-wrapper.ts'
import type { Driver } from '../../../support/digitalocean/driver.ts'
import { mcp } from '../../../support/digitalocean/mcp.ts'
import { pydo } from '../../../support/digitalocean/pydo.ts'
import { engineClient, logsIn } from '../../../support/logins.ts'
import type { TestServer } from '../../../support/servers.ts'
import { aGround, aName, type Ground, HTTPS } from './ground.ts'

const INSTALL_MS = 600_000

/** Clients repeat what failed, creates too, and nothing tells a repeat from a new request but that it is the same. */
describe('trap 6: a create whose answer was lost is repeated by godo, and gets the first answer', () => {
  let ground: Ground
  let godo: Driver
  beforeAll(async () => {
    ground = await aGround({})
    godo = await mcp(ground.origin, ground.token)
  }, INSTALL_MS)
  afterAll(async () => {
    await godo[Symbol.asyncDispose]()
    await ground.running[Symbol.asyncDispose]()
  })

  test('when the connection broke', async () => {
    const { running, cluster, server, traffic } = ground
    const name = aName('lost')
    traffic.length = 0
    hangUpOn(running.app.http.server, 'POST', /\/users$/)
    const added = await godo.addUser(cluster, name)
    running.heard(undefined, JSON.stringify(added))
    expect(traffic.map(({ method, status }) => [method, status])).toEqual([
      ['POST', undefined],
      ['POST', 201],
    ])
    expect(await logsIn(server, name, added.password!)).toBe(true)
    await expect(godo.addUser(cluster, name)).rejects.toMatchObject({ status: 422 })
    await godo.dropUser(cluster, name)
  })

  test('when two lost theirs, each its own', async () => {
    const { running, cluster, server, traffic } = ground
    const names = [aName('lost'), aName('lost')]
    traffic.length = 0
    hangUpOn(running.app.http.server, 'POST', /\/users$/, names.length)
    const added = await Promise.all(names.map(name => godo.addUser(cluster, name)))
    running.heard(undefined, JSON.stringify(added))
    expect(traffic.map(({ status }) => status)).toEqual([undefined, undefined, 201, 201])
    for (const { name, password } of added) expect(await logsIn(server, name, password!)).toBe(true)
    expect(added.map(({ name }) => name)).toEqual(names)
    await Promise.all(names.map(name => godo.dropUser(cluster, name)))
  })
})

test('godo asks again after a defect of ours, and there is one user', async () => {
  const ground = await aGround({ parts: brokenOnce })
  await using _running = ground.running
  await using godo = await mcp(ground.origin, ground.token)
  const { cluster, server, traffic } = ground
  const name = aName('broken')
  traffic.length = 0
  const added = await godo.addUser(cluster, name)
  ground.running.heard(undefined, JSON.stringify(added))
  expect(traffic.map(({ method, status }) => [method, status])).toEqual([
    ['POST', 500],
    ['POST', 201],
  ])
  expect(await logsIn(server, name, added.password!)).toBe(true)
  await godo.dropUser(cluster, name)
})

/** Real engines, but the first plan fails as only a programming error does. */
function brokenOnce(real: Parts): Parts {
  let isBroken = true
  const broken = (engine: Engine): Engine => ({
    ...engine,
    plan: (...asked) => {
      if (!isBroken) return engine.plan(...asked)
      isBroken = false
      throw new TypeError('undefined is not a function')
    },
  })
  return { ...real, engines: { ...real.engines, get: name => broken(real.engines.get(name)) } }
}

test('who repeats nothing by itself gets the lost password by asking again, word for word', async () => {
  const ground = await aGround({})
  await using _running = ground.running
  await using client = await dotsWrapper(ground.origin, ground.token)
  const { running, cluster, server } = ground
  const name = aName('lost')
  hangUpOn(running.app.http.server, 'POST', /\/users$/)
  await expect(client.addUser(cluster, name)).rejects.toThrow('socket hang up')
  const added = await client.addUser(cluster, name)
  running.heard(undefined, JSON.stringify(added))
  expect(await logsIn(server, name, added.password!)).toBe(true)
  await expect(client.addUser(cluster, name)).rejects.toMatchObject({ status: 422 })
  await client.dropUser(cluster, name)
})

describe('a server that keeps a create waiting is told as 503 in time, and the repeat gets the outcome', () => {
  test.each([
    ['godo', (ground: Ground) => mcp(ground.origin, ground.token), {}],
    ['pydo', (ground: Ground) => pydo(ground.origin, ground.token, HTTPS['--tls-cert']), HTTPS],
  ] as const)(
    '%s',
    async (_, open, https) => {
      const ground = await aGround({ flags: { ...https, '--timeouts-request-ms': '2000' } })
      await using _running = ground.running
      await using client = await open(ground)
      const { cluster, server, traffic } = ground
      const name = aName('waits')
      const release = await inTheWayOf(server, name)
      const adding = client.addUser(cluster, name)
      await until(() => traffic[0]?.status === 503)
      await release()
      const added = await adding
      ground.running.heard(undefined, JSON.stringify(added))
      expect(Number(traffic[0]!.retryAfter)).toBeGreaterThan(0)
      expect(traffic.at(-1)).toMatchObject({ method: 'POST', status: 201 })
      expect(await logsIn(server, name, added.password!)).toBe(true)
      await client.dropUser(cluster, name)
    },
    INSTALL_MS,
  )

  test('trap 21: dots-wrapper, which hangs up after 15 s and repeats nothing, is answered before that; asked again, the user is there', async () => {
    const ground = await aGround({})
    await using _running = ground.running
    await using client = await dotsWrapper(ground.origin, ground.token)
    const { cluster, server } = ground
    const name = aName('waits')
    const release = await inTheWayOf(server, name)
    await expect(client.addUser(cluster, name)).rejects.toMatchObject({ status: 503, id: 'service_unavailable' })
    await release()
    const added = await client.addUser(cluster, name)
    ground.running.heard(undefined, JSON.stringify(added))
    expect(await logsIn(server, name, added.password!)).toBe(true)
    await client.dropUser(cluster, name)
  })
})

/** Another session is about to make that login: whoever makes it meanwhile waits for its end. It leaves nothing behind. */
async function inTheWayOf(server: TestServer, name: string): Promise<() => Promise<void>> {
  const other: pg.Client = await engineClient(server)
  await other.query(`begin; create role ${name}`)
  return async () => {
    await other.query('rollback')
    await other.end()
  }
}

async function until(isSo: () => boolean): Promise<void> {
  const end = Date.now() + 30_000
  while (!isSo()) {
    if (Date.now() > end) throw new Error('It did not come to that within 30 s')
    await sleep(20)
  }
}
