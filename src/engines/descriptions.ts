import type { EngineName } from '../domain/servers/instance.ts'
import type { Capabilities, EngineDescription } from './engine.ts'

/** Nothing can be done yet: rules of names are the engine's own all the same, for whoever checks input. */
const NOTHING: Omit<Capabilities, 'userNames' | 'databaseNames' | 'emptyDatabase' | 'emptyUsername'> = {
  users: false,
  databases: false,
  grants: false,
  lock: false,
  sessions: false,
  owners: false,
  engineRoles: false,
  settings: [],
  userOptions: [],
  userHost: false,
  authDatabase: false,
  passwordUntil: false,
}

const characters = (maxLength: number, ...reserved: readonly string[]) =>
  ({ maxLength, unit: 'characters', reserved }) as const
const bytes = (maxLength: number, ...reserved: readonly string[]) => ({ maxLength, unit: 'bytes', reserved }) as const

/** What we know of the engines that are not driven yet. */
export const DESCRIPTIONS: Readonly<
  Record<Exclude<EngineName, 'postgresql' | 'mysql' | 'mongodb'>, EngineDescription>
> = {
  kafka: {
    name: 'kafka',
    label: 'Apache Kafka',
    defaultPort: 9092,
    versions: '3.7 to 4.1',
    variants: [],
    provedOn: [],
    capabilities: {
      ...NOTHING,
      userOptions: ['topicAccess'],
      userNames: characters(128),
      databaseNames: characters(249, '.', '..', '__*'),
      emptyDatabase: true,
      emptyUsername: true,
    },
  },
  redis: {
    name: 'redis',
    label: 'Redis',
    defaultPort: 6379,
    versions: '7.0 to 8.2, Valkey 7.2 to 9',
    variants: ['valkey'],
    provedOn: [],
    capabilities: {
      ...NOTHING,
      userNames: bytes(255, 'default'),
      databaseNames: characters(2),
      emptyDatabase: true,
      emptyUsername: true,
    },
  },
  sqlserver: {
    name: 'sqlserver',
    label: 'Microsoft SQL Server',
    defaultPort: 1433,
    versions: '2017 to 2025',
    variants: [],
    provedOn: [],
    capabilities: {
      ...NOTHING,
      userNames: characters(128, 'sa', '##*', 'public', 'sys', 'information_schema'),
      databaseNames: characters(123, 'master', 'model', 'msdb', 'tempdb'),
      emptyDatabase: true,
      emptyUsername: false,
    },
  },
  oracle: {
    name: 'oracle',
    label: 'Oracle Database',
    defaultPort: 1521,
    versions: '19c to 23ai',
    variants: [],
    provedOn: [],
    capabilities: {
      ...NOTHING,
      userNames: bytes(128, 'sys', 'system', 'public', 'c##*'),
      databaseNames: bytes(8),
      emptyDatabase: false,
      emptyUsername: false,
    },
  },
}
