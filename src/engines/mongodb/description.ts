import type { EngineDescription } from '../engine.ts'
import { SYSTEM_DATABASES } from './names.ts'

export const about: EngineDescription = {
  name: 'mongodb',
  label: 'MongoDB',
  defaultPort: 27017,
  versions: '6.0 to 8.2',
  variants: [],
  provedOn: ['SecantusDB 0.7.0b3'],
  capabilities: {
    users: true,
    databases: true,
    grants: true,
    lock: true,
    lockLetsIn: true,
    sessions: false,
    owners: false,
    engineRoles: true,
    projectUsers: true,
    settings: [],
    userOptions: ['databaseRoles'],
    userHost: false,
    authDatabase: true,
    passwordUntil: false,
    userNames: { maxLength: 255, unit: 'bytes', reserved: ['__system'] },
    databaseNames: { maxLength: 63, unit: 'bytes', reserved: SYSTEM_DATABASES },
    emptyDatabase: true,
    emptyUsername: true,
  },
}
