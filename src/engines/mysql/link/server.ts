import type { ServerFacts } from '../../../domain/servers/instance.ts'
import type { Row } from './session.ts'

/**
 * Where a server keeps its accounts: `attributes`, as MySQL, in a table whose rows carry JSON that people may write; `documents`, as
 * MariaDB, as JSON of the server's own, where roles have no host. Undefined where this login may not look.
 */
export type Catalogue = 'attributes' | 'documents'

/** What a session learns of its server and of itself before it asks anything else. */
export interface ServerState {
  /** `10.11.19-MariaDB-…`, `8.4.3`. */
  readonly versionText: string
  readonly catalogue?: Catalogue
  /** Longest name of an account, in characters. */
  readonly nameLength: number
  readonly readOnly: boolean
  readonly fingerprint?: string
  /** `_` and `%` in the database of a grant are letters here, not patterns. */
  readonly plainNames: boolean
  /** A database can be made with a comment. */
  readonly databaseComments: boolean
  /** Several statements can be sent as one, which the server runs to its end. */
  readonly compound: boolean
  readonly database: string
  readonly session: number
  readonly me: { readonly name: string; readonly host: string }
  readonly seenAt: number
}

/** Asked for by name, so that a server without one of them answers all the same. */
export const VARIABLES = `show global variables where variable_name in ('version', 'server_uuid', 'read_only', 'super_read_only',
  'innodb_read_only', 'partial_revokes', 'max_statement_time', 'max_execution_time')`

export type Variables = ReadonlyMap<string, string>

export function variablesFrom(rows: readonly Row[]): Variables {
  return new Map(rows.map(row => [String(row.Variable_name), String(row.Value)]))
}

// MySQL has deadlines for SELECT alone, and no such variable.
const hasStatementTime = (variables: Variables) => variables.has('max_statement_time')

/**
 * How our sessions talk: texts end at a quote and nowhere else, whatever the server's own mode; nobody is made by a GRANT; a lock that
 * isn't given in time is told apart from a statement that is slow by itself.
 */
export function manners(variables: Variables, statementTimeoutMs: number): string {
  const modes = ['NO_BACKSLASH_ESCAPES', 'STRICT_ALL_TABLES', 'NO_ENGINE_SUBSTITUTION']
  // MySQL has had no such mode since a GRANT there makes nobody in any case.
  if (hasStatementTime(variables)) modes.push('NO_AUTO_CREATE_USER')
  const seconds = statementTimeoutMs / 1000
  const lockSeconds = Math.max(1, Math.floor(seconds * 0.8))
  const settings = [
    'character_set_client = utf8mb4',
    'character_set_results = utf8mb4',
    'collation_connection = utf8mb4_bin',
    `sql_mode = '${modes.join(',')}'`,
    `lock_wait_timeout = ${lockSeconds}`,
    `innodb_lock_wait_timeout = ${lockSeconds}`,
    'group_concat_max_len = 67108864',
    hasStatementTime(variables) ? `max_statement_time = ${seconds}` : `max_execution_time = ${statementTimeoutMs}`,
  ]
  return `set session ${settings.join(', session ')}`
}

/** Which of the columns by which a catalogue is known are there, as far as this login may see them. */
export const INTRODUCTION = `
select connection_id() as session, current_user() as account, database() as db,
  (select group_concat(concat(c.table_name, '.', c.column_name, '=', coalesce(c.character_maximum_length, '')))
   from information_schema.columns c where c.table_schema = 'mysql' and c.table_name in ('user', 'global_priv')
     and c.column_name in ('User', 'Priv', 'User_attributes')) as columns`

const ON: ReadonlySet<string> = new Set(['ON', '1'])

export function stateFrom(variables: Variables, row: Row): ServerState {
  const columns = new Map(
    String(row.columns ?? '')
      .split(',')
      .map(one => one.split('=') as [string, string]),
  )
  const catalogue = catalogueIn(columns)
  const account = String(row.account)
  const at = account.lastIndexOf('@')
  const is = (name: string) => ON.has(variables.get(name) ?? 'OFF')
  return {
    versionText: variables.get('version') ?? '',
    catalogue,
    nameLength: Number(columns.get(catalogue === 'documents' ? 'global_priv.User' : 'user.User')) || MYSQL_NAME_LENGTH,
    readOnly: is('super_read_only') || is('innodb_read_only') || (variables.get('read_only') ?? 'OFF') !== 'OFF',
    fingerprint: variables.get('server_uuid') || undefined,
    plainNames: is('partial_revokes'),
    databaseComments: hasStatementTime(variables),
    compound: hasStatementTime(variables),
    database: String(row.db ?? ''),
    session: Number(row.session),
    me: { name: account.slice(0, at), host: account.slice(at + 1) },
    seenAt: Date.now(),
  }
}

const MYSQL_NAME_LENGTH = 32

function catalogueIn(columns: ReadonlyMap<string, string>): Catalogue | undefined {
  if (columns.has('global_priv.Priv')) return 'documents'
  return columns.has('user.User_attributes') ? 'attributes' : undefined
}

export function factsFrom({ versionText, readOnly, fingerprint, seenAt }: ServerState): ServerFacts {
  // `10.11.19-MariaDB-0+deb12u1` is 10.11.19; some proxies and old clients want a `5.5.5-` before it.
  const version = /^(?:5\.5\.5-(?=1\d\.))?(\d+(?:\.\d+)*)/.exec(versionText)?.[1] ?? versionText
  const variant = /mariadb/i.test(versionText) ? 'mariadb' : undefined
  return { version, variant, readOnly, fingerprint, seenAt }
}
