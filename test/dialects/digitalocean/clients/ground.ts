import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { type AppWish, aRunningApp, type RunningApp } from '../../../support/app.ts'
import { type Exchange, trafficOf } from '../../../support/clients/traffic.ts'
import type { Driver } from '../../../support/digitalocean/driver.ts'
import { engineClient } from '../../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../../support/servers.ts'

/** A Rolecall on a real socket with a PostgreSQL under management: what a client is pointed at. */
export interface Ground {
  readonly running: RunningApp
  readonly origin: string
  readonly token: string
  readonly server: TestServer
  /** The PostgreSQL's id as a cluster. */
  readonly cluster: string
  readonly traffic: Exchange[]
}

/** A client and what it is pointed at, once the tests run. */
export interface Held<D extends Driver> extends Ground {
  readonly driver: D
  /** Another one with another token. */
  open(token: string): Promise<D>
}

const TLS = join(import.meta.dirname, '..', '..', '..', 'cli', 'tls')

/** For Rolecall to be served by https, with a certificate that signs itself. */
export const HTTPS = { '--tls-cert': join(TLS, 'cert.pem'), '--tls-key': join(TLS, 'key.pem') }

export interface GroundWish extends AppWish {
  readonly server?: () => Promise<TestServer>
  /** More fields of the connection. */
  readonly connection?: Readonly<Record<string, unknown>>
}

/** One Rolecall and one client for all tests of a file. */
export function theClient<D extends Driver>(open: (ground: Ground) => Promise<D>, wish: GroundWish = {}): Held<D> {
  const held = {} as { -readonly [key in keyof Held<D>]: Held<D>[key] }
  beforeAll(async () => {
    Object.assign(held, await aGround(wish))
    held.driver = await open(held)
    held.open = token => open({ ...held, token })
  }, INSTALL_MS)
  afterAll(async () => {
    await held.driver?.[Symbol.asyncDispose]()
    await held.running?.[Symbol.asyncDispose]()
  })
  return held
}

/** Clients are fetched when they are first needed. */
const INSTALL_MS = 600_000

export async function aGround({ server: start = postgresqlServer, connection, ...wish }: GroundWish): Promise<Ground> {
  const running = await aRunningApp(wish)
  const server = await start()
  const made = await running.connect(server, { name: 'main', ...connection })
  // From the first contact on its version is known.
  await running.native('POST', `/connections/${made.connection}/test`)
  const { port } = running.app.http.server.address() as AddressInfo
  const scheme = running.settings.tls ? 'https' : 'http'
  return {
    running,
    origin: `${scheme}://127.0.0.1:${port}`,
    token: running.key.privateKey,
    server,
    cluster: made.instance,
    traffic: trafficOf(running.app.http.server),
  }
}

/** The private half of a new key that may do this alone. */
export async function aTokenFor({ running }: Ground, ...scopes: readonly string[]): Promise<string> {
  const body = { role: 'editor', scopes }
  const made = await running.native('POST', `/projects/${running.project}/keys`, { body })
  if (made.status !== 201) throw new Error(`no key: ${made.text}`)
  return made.body.private
}

let counted = 0

/** A name that nobody else has on the shared server. */
export const aName = (what: string): string => `do_${what}_${process.pid}_${++counted}`

/** What the server itself says. */
export async function sqlOn(server: TestServer, text: string, values: readonly unknown[] = []) {
  const client = await engineClient(server)
  try {
    return (await client.query(text, [...values])).rows
  } finally {
    await client.end()
  }
}
