import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { programsOf } from '../support/postgresql/binaries.ts'
import { makeCluster, PASSWORD, type RunningCluster, SUPERUSER, startCluster } from '../support/postgresql/cluster.ts'
import { NEWEST } from '../support/servers.ts'

/** A PostgreSQL of this test file's own, that it may stop, kill and start again. */
export interface OwnPostgresql {
  readonly url: string
  start(): Promise<void>
  /** `SIGINT` ends its sessions, `SIGQUIT` is a crash. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  /** Statements of the tests' own, beside the store. */
  query(text: string, database?: string): Promise<Record<string, unknown>[]>
  remove(): Promise<void>
}

export async function ownPostgresql(): Promise<OwnPostgresql> {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-store-postgresql-'))
  const cluster = await makeCluster(programsOf(NEWEST), folder)
  const url = `postgres://${SUPERUSER}:${PASSWORD}@127.0.0.1:${cluster.port}/postgres`
  let running: RunningCluster | undefined
  const own: OwnPostgresql = {
    url,
    async start() {
      running = await startCluster(cluster)
    },
    async stop(signal = 'SIGINT') {
      const { process: server } = running ?? {}
      running = undefined
      if (server?.kill(signal)) await once(server, 'exit')
    },
    query: (text, database = 'postgres') => query(inDatabase(url, database), text),
    async remove() {
      await own.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await own.start()
  return own
}

export function inDatabase(url: string, database: string, username?: string): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  if (username !== undefined) changed.username = username
  return changed.href
}

export async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => {})
  try {
    await client.connect()
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
