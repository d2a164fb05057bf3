import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { aRunningApp, type RunningApp } from '../../support/app.ts'
import { type Clocks, withClocks } from '../../support/clocks.ts'
import { engineClient } from '../../support/logins.ts'
import { postgresqlServer, type TestServer } from '../../support/servers.ts'

export { type Clocks, later, withClocks } from '../../support/clocks.ts'

export interface Ground extends AsyncDisposable {
  readonly server: TestServer
  readonly engine: pg.Client
  readonly rolecall: RunningApp
  readonly instance: string
  /** Path of the instance's logins in the native API. */
  readonly users: string
}

interface GroundWish {
  readonly clocks?: Clocks
  readonly policy?: object
  /** Made anew on the server, and gone afterwards. */
  readonly database?: string
}

/** A Rolecall that manages a PostgreSQL, where nothing whose name begins with `PREFIX_` is there before and after. */
export async function onPostgresql(prefix: string, { clocks, policy, database }: GroundWish = {}): Promise<Ground> {
  const server = await postgresqlServer()
  const engine = await engineClient(server)
  await clear(engine, prefix, database)
  if (database) await engine.query(`create database ${database}`)
  const rolecall = await aRunningApp(clocks && { parts: withClocks(clocks) })
  const { instance } = await rolecall.connect(server, { name: prefix, policy })
  async function end(): Promise<void> {
    await rolecall[Symbol.asyncDispose]()
    await clear(engine, prefix, database)
    await engine.end()
  }
  return { server, engine, rolecall, instance, users: `/instances/${instance}/users`, [Symbol.asyncDispose]: end }
}

async function clear(engine: pg.Client, prefix: string, database: string | undefined): Promise<void> {
  if (database) await engine.query(`drop database if exists ${database} with (force)`)
  await engine.query(`drop table if exists ${prefix}_table`)
  const { rows } = await engine.query('select rolname from pg_roles where starts_with(rolname, $1)', [`${prefix}_`])
  for (const { rolname } of rows) await engine.query(`drop owned by ${rolname}; drop role ${rolname}`)
}

/** More than whatever could not be dropped waits at first for its next try. */
export const NEXT_TRY_MS = 40_000

export const DAY_MS = 86_400_000

/** Waits until what `look` finds is as wanted; answers what it found last. */
export async function until<T>(look: () => Promise<T>, isWanted: (found: T) => boolean, ms = 20_000): Promise<T> {
  for (const end = Date.now() + ms; ; await sleep(50)) {
    const found = await look()
    if (isWanted(found) || Date.now() > end) return found
  }
}

/** A login as the native API shows it, once `isWanted` says so. */
export async function shown(
  { native }: RunningApp,
  path: string,
  isWanted: (answer: { status: number; body: Record<string, unknown> }) => boolean,
  ms?: number,
) {
  return until(() => native('GET', path), isWanted, ms)
}

export const isGone = ({ status }: { readonly status: number }) => status === 404
