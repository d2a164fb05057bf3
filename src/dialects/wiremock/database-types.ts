import type { EngineName } from '../../domain/servers/instance.ts'

interface TypeRules {
  readonly engine: EngineName
  /** What callers see that do not ask for `view=rolecall`; undefined: nothing of the row. */
  readonly plain?: string
  /** `databaseName` and `username` may be empty where the engine has a meaning for that. */
  readonly mayBeEmpty: boolean
  /** Where logins are kept in databases: whose login is in which, where none is named (`databaseName` itself, else this one). */
  readonly keptIn?: string
}

/** The four published types, then ours. MariaDB speaks MySQL's words, so clients with a closed enum may see it as that. */
const TYPES = {
  POSTGRESQL: { engine: 'postgresql', plain: 'POSTGRESQL', mayBeEmpty: false },
  MYSQL: { engine: 'mysql', plain: 'MYSQL', mayBeEmpty: false },
  SQLSERVER: { engine: 'sqlserver', plain: 'SQLSERVER', mayBeEmpty: false },
  ORACLE: { engine: 'oracle', plain: 'ORACLE', mayBeEmpty: false },
  MARIADB: { engine: 'mysql', plain: 'MYSQL', mayBeEmpty: false },
  MONGODB: { engine: 'mongodb', mayBeEmpty: true, keptIn: 'admin' },
  KAFKA: { engine: 'kafka', mayBeEmpty: true },
  REDIS: { engine: 'redis', mayBeEmpty: true },
  VALKEY: { engine: 'redis', mayBeEmpty: true },
} as const satisfies Record<string, TypeRules>

export type DatabaseType = keyof typeof TYPES

export const DATABASE_TYPES = Object.keys(TYPES) as DatabaseType[]

/** Types whose rows a caller without the view sees. */
export const PLAIN_TYPES: readonly string[] = DATABASE_TYPES.filter(type => 'plain' in TYPES[type])

/** The rules of a type; of a text that is none, the most lenient ones, so that its other fields are judged all the same. */
export function rulesOf(type: string): TypeRules {
  return (TYPES as Readonly<Record<string, TypeRules>>)[type] ?? TYPES.KAFKA
}

/** The database that keeps the login of a connection that names no other. */
export function authDatabaseOf(type: string, databaseName: string): string | undefined {
  const { keptIn } = rulesOf(type)
  return keptIn && (databaseName || keptIn)
}

/** The type as a caller sees it; undefined where it does not see the row at all. */
export function typeShown(type: string, view: boolean): string | undefined {
  return view ? type : rulesOf(type).plain
}

/** A caller that saw `MYSQL` and sends it back has not asked for another type. */
export function typeSent(sent: string, stored: string, view: boolean): string {
  return typeShown(stored, view) === sent ? stored : sent
}
