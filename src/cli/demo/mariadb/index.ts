import { existsSync } from 'node:fs'
import type { Product } from '../product.ts'
import { takesLogins } from './client.ts'
import { makeTables } from './make-tables.ts'
import { findMariadb } from './programs.ts'
import { addSamples } from './samples.ts'
import { serverFlags } from './settings.ts'

/** The one that this machine has, if it has one. */
export const mariadb: Product = {
  name: 'mariadb',
  label: 'MariaDB',
  folder: 'mariadb',
  traces: { programs: ['mariadbd', 'mysqld'], stopSignal: 'SIGTERM' },
  endSignal: 'SIGKILL',
  remedy: '--engines postgresql leaves it out.',
  connection: {
    name: 'demo-mariadb',
    engine: 'mysql',
    databaseType: 'MARIADB',
    database: '',
    slug: 'demo-mariadb',
  },
  variant: 'mariadb',
  find: async ({ account }) => {
    const { server, install } = await findMariadb(account)
    return {
      server,
      flags: place => serverFlags(existsSync(place.secretFile), place),
      make: making => makeTables(install, making),
    }
  },
  takesLogins,
  addSamples,
  tryLogin: port => `export MYSQL_PWD=$(echo "$ADA" | sed -E 's/.*"password":"([^"]*)".*/\\1/')
mariadb -h 127.0.0.1 -P ${port} -u ada orders -e 'select * from customers'`,
}
