import { join } from 'node:path'
import type { Place, Product } from '../product.ts'
import { findBinaries } from './binaries.ts'
import { takesLogins } from './client.ts'
import { makeCluster } from './make-cluster.ts'
import { addSamples } from './samples.ts'

/** The one that comes with our packages. */
export const postgresql: Product = {
  name: 'postgresql',
  label: 'PostgreSQL',
  folder: 'postgres',
  // Fast: sessions are ended, and what they had not committed is undone.
  traces: { programs: ['postgres'], stopSignal: 'SIGINT', pidFile: 'postmaster.pid' },
  endSignal: 'SIGQUIT',
  remedy: '--fresh begins anew.',
  connection: { name: 'demo', engine: 'postgresql', databaseType: 'POSTGRESQL', database: 'postgres', slug: 'demo' },
  find: async ({ account }) => {
    const native = findBinaries(account)
    return { server: join(native, 'bin', 'postgres'), flags, make: making => makeCluster(native, making) }
  },
  takesLogins,
  addSamples,
  tryLogin: port => `export PGPASSWORD=$(echo "$ADA" | sed -E 's/.*"password":"([^"]*)".*/\\1/')
psql -h 127.0.0.1 -p ${port} -U ada orders -c 'select * from customers'`,
}

function flags({ data, port }: Place): readonly string[] {
  const settings = { ...SETTINGS, port: String(port) }
  return ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** Loopback alone, and no sockets in shared folders. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '50',
  shared_buffers: '32MB',
  logging_collector: 'off',
  log_timezone: 'UTC',
}
