import { expect, test } from 'vitest'
import { createApp } from '../../../src/app.ts'
import { loadSettings } from '../../../src/cli/settings/load.ts'
import { storeEndpoint } from '../../../src/settings/store.ts'
import { aDatabase, aFolder } from '../../store/keeping/databases.ts'
import { aRunningApp } from '../../support/app.ts'

const coordinates = { engine: 'postgresql', host: '127.0.0.1', database: 'postgres', username: 'a', password: 'b' }

test('a Rolecall whose caller may reach loopback does not connect to itself', async () => {
  await using rolecall = await aRunningApp()
  const { port } = rolecall.app.http.server.address() as { port: number }
  const path = `/projects/${rolecall.project}/connections`
  const made = await rolecall.native('POST', path, { body: { ...coordinates, name: 'itself', port } })
  expect([made.status, made.body.errors]).toEqual([422, [expect.objectContaining({ pointer: '/host' })]])
  const beside = await rolecall.native('POST', path, { body: { ...coordinates, name: 'beside', port: port + 1 } })
  expect(beside.status).toBe(201)
})

test('nor to its own store, unless that is named as an endpoint', async () => {
  const store = await aDatabase()
  const { port } = new URL(store)
  const data = aFolder()
  const guardOf = async (allow: string) => {
    const flags = {
      '--data': data,
      '--port': '0',
      '--store': store,
      '--log-level': 'silent',
      '--network-allow': allow,
    }
    const app = await createApp(loadSettings(flags, {}, {}))
    const wish = {
      ...coordinates,
      engine: 'postgresql' as const,
      name: 'store',
      databaseType: 'POSTGRESQL',
      port: Number(port),
    }
    const { password: _, ...typed } = wish
    const found = app.services.connections.violationsOf(typed)
    await app.stop()
    return found.map(({ pointer }) => pointer)
  }
  expect(await guardOf('127.0.0.0/8')).toEqual(['/host'])
  expect(await guardOf(`127.0.0.0/8,127.0.0.1:${port}`)).toEqual([])
})

test.each([
  ['postgres://ada:x@db.example.test/rolecall', { host: 'db.example.test', port: 5432 }],
  ['postgres://ada:x@[2001:db8::1]:6432/rolecall', { host: '2001:db8::1', port: 6432 }],
  ['postgres://ada@one/rolecall?host=two&port=7000', { host: 'two', port: 7000 }],
  ['postgres:///rolecall?host=/var/run/postgresql', undefined],
])('the store at %s is at %j', (store, endpoint) => {
  expect(storeEndpoint(loadSettings({ '--store': store }, {}, {}))).toEqual(endpoint)
})
