import type { EngineDescription } from '../engine.ts'
import { NAME_BYTES } from './names.ts'

export const about: EngineDescription = {
  name: 'postgresql',
  label: 'PostgreSQL',
  defaultPort: 5432,
  versions: '13 to 18',
  variants: [],
  provedOn: ['PostgreSQL 13', 'PostgreSQL 14', 'PostgreSQL 15', 'PostgreSQL 16', 'PostgreSQL 17', 'PostgreSQL 18'],
  capabilities: {
    users: true,
    databases: true,
    grants: true,
    lock: true,
    sessions: true,
    owners: true,
    engineRoles: true,
    settings: ['replication', 'connectionLimit'],
    userOptions: ['replicationAttribute'],
    userHost: false,
    authDatabase: false,
    passwordUntil: true,
    userNames: { maxLength: NAME_BYTES, unit: 'bytes', reserved: ['pg_*', 'public', 'none'] },
    databaseNames: {
      maxLength: NAME_BYTES,
      unit: 'bytes',
      reserved: ['template0', 'template1', 'postgres', 'rolecall_op_*'],
    },
    emptyDatabase: false,
    emptyUsername: false,
  },
}
