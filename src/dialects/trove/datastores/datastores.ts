import type { EngineName, Instance } from '../../../domain/servers/instance.ts'
import type { CatalogueRole } from '../../../domain/users/grant.ts'
import type { UserKey } from '../../../domain/users/user.ts'
import { ANY_HOST, type UserName } from '../users/user-segment.ts'
import type { NameWishes, TroveWishes } from '../wishes.ts'
import { MONGODB_RULES, mysqlRules, type NameRules, POSTGRESQL_RULES } from './name-rules.ts'

/** What this API calls an engine, and how it names things there. */
export interface DatastoreKind {
  /** Its `type`. */
  readonly word: string
  /** The login that root calls are about. */
  readonly root: UserName
  /** A host is part of a user's name. */
  readonly hosts: boolean
  /** Rolecall's own login is one of several of its name, and only the server says which. */
  readonly namesakes: boolean
  /** Databases have characters of their own. */
  readonly characterSets: boolean
  /** Names that nobody makes, changes or sees, as they are or as prefixes that end in `*`. */
  readonly reservedUsers: readonly string[]
  readonly reservedDatabases: readonly string[]
  /** What a user gets on a database. */
  readonly grant: CatalogueRole
  /** Nothing can be granted on a database that is not there. */
  readonly grantsNeedDatabases: boolean
  rules(wishes: NameWishes): NameRules
  keyOf(name: UserName): UserKey
  nameOf(key: UserKey): UserName
  /** Where a list goes on after a marker, as the engine's lists say it. Where names have no host, a marker's is taken off. */
  afterOf(marker: string): string
}

/** The same as whoever runs this wants it. */
export interface Datastore extends Omit<DatastoreKind, 'rules'> {
  readonly rules: NameRules
}

const withoutHost = (marker: string): string => marker.replace(/@%$/, '')

const POSTGRESQL: DatastoreKind = {
  word: 'postgresql',
  root: { name: 'postgres', host: ANY_HOST },
  hosts: false,
  namesakes: false,
  characterSets: true,
  reservedUsers: ['postgres', 'os_admin', 'pg_*'],
  reservedDatabases: ['postgres', 'template0', 'template1', 'os_admin'],
  grant: 'owner',
  grantsNeedDatabases: true,
  rules: () => POSTGRESQL_RULES,
  keyOf: ({ name }) => ({ name }),
  nameOf: ({ name }) => ({ name, host: ANY_HOST }),
  afterOf: withoutHost,
}

const MYSQL: DatastoreKind = {
  word: 'mysql',
  root: { name: 'root', host: ANY_HOST },
  hosts: true,
  namesakes: true,
  characterSets: true,
  reservedUsers: ['root', 'os_admin', 'mysql.sys', 'mysql.session', 'mysql.infoschema', 'mariadb.sys'],
  reservedDatabases: ['mysql', 'information_schema', 'performance_schema', 'sys', 'lost+found'],
  grant: 'owner',
  grantsNeedDatabases: false,
  rules: mysqlRules,
  keyOf: ({ name, host }) => ({ name, host }),
  nameOf: ({ name, host = ANY_HOST }) => ({ name, host }),
  afterOf: marker => marker,
}

/** `DATABASE.NAME`. No database is called nothing: a dot in front is the name's own. */
function mongodbKey(name: string): UserKey {
  const dot = name.indexOf('.')
  return dot <= 0 ? { name, authDatabase: 'admin' } : { name: name.slice(dot + 1), authDatabase: name.slice(0, dot) }
}

const MONGODB: DatastoreKind = {
  word: 'mongodb',
  root: { name: 'admin.root', host: ANY_HOST },
  hosts: false,
  namesakes: true,
  characterSets: false,
  reservedUsers: ['admin.root', 'admin.os_admin'],
  reservedDatabases: ['admin', 'local', 'config'],
  grant: 'readwrite',
  grantsNeedDatabases: false,
  rules: () => MONGODB_RULES,
  keyOf: ({ name }) => mongodbKey(name),
  nameOf: ({ name, authDatabase = 'admin' }) => ({ name: `${authDatabase}.${name}`, host: ANY_HOST }),
  afterOf: marker => {
    const { name, authDatabase } = mongodbKey(withoutHost(marker))
    return `${name}/${authDatabase}`
  },
}

/** Engines without a word exist in other dialects only. */
const WORDS = { postgresql: POSTGRESQL, mysql: MYSQL, mongodb: MONGODB } as const satisfies Partial<
  Record<EngineName, DatastoreKind>
>

/** Variants that have a word of their own, as servers call themselves. */
const VARIANTS: Readonly<Record<string, DatastoreKind>> = { mariadb: { ...MYSQL, word: 'mariadb' } }

/** Instances of these engines are instances here. */
export const DATASTORE_ENGINES = Object.keys(WORDS) as readonly (keyof typeof WORDS)[]

export const DATASTORE_WORDS: readonly string[] = [...Object.values(WORDS), ...Object.values(VARIANTS)].map(
  ({ word }) => word,
)

export function datastoreOf({ engine, server }: Pick<Instance, 'engine' | 'server'>): DatastoreKind {
  return VARIANTS[server?.variant ?? ''] ?? WORDS[engine as keyof typeof WORDS]
}

/** The datastore with the names and rules that are wished for. */
export function datastoreFor(instance: Pick<Instance, 'engine' | 'server'>, wishes: TroveWishes): Datastore {
  const kind = datastoreOf(instance)
  return {
    ...kind,
    rules: kind.rules(wishes),
    reservedUsers: [...kind.reservedUsers, ...wishes.reservedUsers],
    reservedDatabases: [...kind.reservedDatabases, ...wishes.reservedDatabases],
  }
}

export function isReserved(name: string, reserved: readonly string[]): boolean {
  return reserved.some(one => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one))
}
