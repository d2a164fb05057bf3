import type { HostPort } from '../domain/servers/connection.ts'
import type { Settings } from './settings.ts'

/** Where the store is and what opens it; `serve`: as the process that serves from it. */
export function storeOptions({ store, data, masterKey }: Settings, serve: boolean) {
  const env = { ROLECALL_MASTER_KEY: masterKey?.reveal() }
  return { url: store?.reveal(), folder: data, masterKey: { folder: data, env }, serve }
}

/** Where the store's PostgreSQL listens, as `pg` reads its address; undefined for a file, or a socket of this machine. */
export function storeEndpoint({ store }: Settings): HostPort | undefined {
  if (!store) return undefined
  const { hostname, port, searchParams } = new URL(store.reveal())
  const host = searchParams.get('host') ?? decodeURIComponent(hostname || (process.env.PGHOST ?? 'localhost'))
  if (host.startsWith('/')) return undefined
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(searchParams.get('port') ?? (port || 5432)) }
}
