import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { aRunningApp, type RunningApp } from '../../../support/app.ts'
import { type Exchange, trafficOf } from '../../../support/clients/traffic.ts'
import type { TestServer } from '../../../support/servers.ts'
import type { Kind, OwnServer } from './kinds/kind.ts'
import { MARIADB } from './kinds/mariadb.ts'
import { MONGODB } from './kinds/mongodb.ts'
import { POSTGRESQL } from './kinds/postgresql.ts'

export const KINDS = [MARIADB, POSTGRESQL, MONGODB] as const

/** A Rolecall on a real socket with a server under management: what a client is pointed at. */
export interface Ground {
  readonly kind: Kind
  readonly own: OwnServer
  readonly server: TestServer
  readonly running: RunningApp
  readonly origin: string
  /** The server's id as an instance. */
  readonly instance: string
  readonly traffic: Exchange[]
}

export interface Held<D extends AsyncDisposable> extends Ground {
  readonly driver: D
}

/** Clients are fetched when they are first needed. */
const INSTALL_MS = 600_000

/** One Rolecall, one server and one client for all tests around. */
export function theClient<D extends AsyncDisposable>(kind: Kind, open: (ground: Ground) => Promise<D>): Held<D> {
  const held = {} as { -readonly [key in keyof Held<D>]: Held<D>[key] }
  beforeAll(async () => {
    Object.assign(held, await aGround(kind))
    held.driver = await open(held)
  }, INSTALL_MS)
  // What a test that failed left behind is not the next one's business.
  beforeEach(() => held.own.clear())
  afterAll(async () => {
    await held.driver?.[Symbol.asyncDispose]()
    await held.running?.[Symbol.asyncDispose]()
    await held.own?.[Symbol.asyncDispose]()
  })
  return held
}

async function aGround(kind: Kind): Promise<Ground> {
  const own = await kind.start()
  const running = await aRunningApp()
  const { server } = own
  const { instance, connection } = await running.connect(server, { instanceName: 'main' })
  // From the first contact on its version is known.
  await running.native('POST', `/connections/${connection}/test`)
  const { port } = running.app.http.server.address() as AddressInfo
  const origin = `http://127.0.0.1:${port}`
  const ground = { kind, own, server, running, origin, instance, traffic: trafficOf(running.app.http.server) }
  await disableRoot(ground)
  return ground
}

/** For clients that can only enable it. */
export async function disableRoot({ running, instance }: Ground): Promise<void> {
  const headers = { 'x-auth-token': running.key.privateKey }
  await running.ask('DELETE', `/v1.0/${running.project}/instances/${instance}/root`, { key: null, headers })
}

/** Its password may stand in no file of Rolecall's, and in no log of the server's. */
export function heard<T extends { readonly password?: string }>({ running }: Ground, user: T): T {
  running.heard(user, '')
  return user
}
