import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { expect, it } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { postgresqlServer } from '../support/servers.ts'
import { aMasterKey } from './builders.ts'
import { aDatabase } from './keeping/databases.ts'

const everythingOf = (error: unknown) => inspect(error, { depth: 9, showHidden: true })

/** Another way to the server, which can be cut. */
async function aRelay() {
  const { host, port } = await postgresqlServer()
  const sockets = new Set<Socket>()
  const relay = createServer(socket => {
    const onward = connect(port, host)
    for (const one of [socket, onward]) {
      sockets.add(one)
      one.on('error', () => {})
    }
    socket.pipe(onward).pipe(socket)
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const own = (relay.address() as { port: number }).port
  const cut = () => {
    relay.close()
    for (const socket of sockets) socket.destroy()
  }
  return { port: own, cut }
}

it('no fault of a store whose PostgreSQL went away tells its address, at any depth', async () => {
  const relay = await aRelay()
  const url = new URL(await aDatabase())
  url.port = String(relay.port)
  const store = await openStore({ url: url.href, masterKey: aMasterKey(), serve: true })
  relay.cut()
  const read = () => store.ping()
  const write = () => store.transaction(tables => tables.operators.count())
  for (const asking of [read, read, write]) {
    const fault = await asking().catch(error => error)
    expect(fault).toMatchObject({ code: 'unavailable', subject: 'store' })
    expect(everythingOf(fault)).not.toContain(String(relay.port))
    expect(everythingOf(fault)).not.toContain(url.password)
  }
  await store.close()
})

it.each([
  ['postgres://ada:hunter2@127.0.0.1:1/orders', 'nothing answers at its address'],
  ['postgres://ada:hunter2@no-such-host.invalid/orders', 'its host name'],
  ['postgres://ada:hunter2%E0%A4@127.0.0.1:1/orders', 'its address can not be used'],
])('neither does the refusal to open %s', async (url, words) => {
  const refusal = await openStore({ url, masterKey: aMasterKey(), serve: true }).catch(error => error)
  expect(refusal.message).toContain(words)
  for (const secret of ['hunter2', '127.0.0.1', 'no-such-host']) expect(everythingOf(refusal)).not.toContain(secret)
})
