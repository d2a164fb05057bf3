import type { EngineDescription } from '../engine.ts'
import { SYSTEM_DATABASES } from './names.ts'

export const about: EngineDescription = {
  name: 'mysql',
  label: 'MySQL',
  defaultPort: 3306,
  versions: '8.0.21 to 9.7, MariaDB 10.6 to 12',
  variants: ['mariadb'],
  provedOn: ['MariaDB 10.11', 'MariaDB 11.8', 'MySQL 9.7'],
  capabilities: {
    users: true,
    databases: true,
    grants: true,
    lock: true,
    sessions: true,
    owners: false,
    engineRoles: true,
    settings: ['replication', 'connectionLimit', 'authPlugin'],
    userOptions: ['authPlugin'],
    sqlMode: true,
    userHost: true,
    authDatabase: false,
    passwordUntil: false,
    // MySQL's own end; MariaDB's accounts may be longer, and the server says so.
    userNames: {
      maxLength: 32,
      unit: 'characters',
      basicPlane: true,
      reserved: ['mysql.*', 'mariadb.sys', 'rolecall_*'],
    },
    databaseNames: {
      maxLength: 64,
      unit: 'characters',
      basicPlane: true,
      reserved: SYSTEM_DATABASES.map(name => name.toLowerCase()),
    },
    emptyDatabase: true,
    emptyUsername: false,
  },
}
