import { Fault } from '../../../domain/fault.ts'
import type { Refusal } from '../../engine.ts'
import type { Link } from '../link/link.ts'
import type { ServerState } from '../link/server.ts'

/** What the managing login may do, as far as it matters to us. */
export interface Rights {
  /** Words of SHOW GRANTS for what it has on everything. */
  readonly global: ReadonlySet<string>
  readonly all: boolean
  readonly grantOption: boolean
  /** What ALL on a database is on this server, beside what is the same on all of them. */
  readonly moreInAll: readonly string[]
}

/** Its own row says most; roles that it acts in are in its grants alone. Thousands of our marks would be, too, so they come second. */
export async function readRights(link: Link, signal: AbortSignal): Promise<Rights> {
  const own = await ownRow(link, signal)
  if (own.all || !link.state.catalogue) return own.all ? own : fromGrants(link, own, signal)
  return missingRights(link.state, own).length === 0 ? own : fromGrants(link, own, signal)
}

const OWN = `select u.* from mysql.user u where u.Host = ? and u.User = ?`
/** A right that MariaDB keeps and its view of accounts does not show. */
const OWN_SINCE_11_3 = `select u.*, if(cast(json_value(g.Priv, '$.access') as unsigned) & 549755813888, 'Y', 'N') as Show_create_routine_priv
from mysql.user u join mysql.global_priv g on g.Host = u.Host and g.User = u.User where u.Host = ? and u.User = ?`
const DYNAMIC = `select g.PRIV as priv from mysql.global_grants g where g.HOST = ? and g.USER = ?`

const NONE: Rights = { global: new Set(), all: false, grantOption: false, moreInAll: [] }

/** MariaDB's own. */
const MORE_IN_ALL = ['DELETE HISTORY', 'SHOW CREATE ROUTINE']

async function ownRow(link: Link, signal: AbortSignal): Promise<Rights> {
  const { me, catalogue } = link.state
  if (!catalogue) return NONE
  const query = isMariadbSince11_3(link.state) ? OWN_SINCE_11_3 : OWN
  const [row] = await link.ask(signal, query, [me.host, me.name])
  if (!row) return NONE
  const columns = Object.keys(row).filter(column => column.endsWith('_priv'))
  const has = columns.filter(column => row[column] === 'Y').map(column => WORDS[column] ?? wordOf(column))
  const dynamic =
    catalogue === 'attributes' ? await link.ask<{ priv: string }>(signal, DYNAMIC, [me.host, me.name]) : []
  const all = columns.every(column => row[column] === 'Y')
  const known = columns.map(wordOf)
  const moreInAll = MORE_IN_ALL.filter(word => known.includes(word))
  const global = new Set([...has, ...dynamic.map(({ priv }) => priv)])
  return { global, all, grantOption: row.Grant_priv === 'Y', moreInAll }
}

function isMariadbSince11_3({ catalogue, versionText }: ServerState): boolean {
  const [, major, minor] = /(\d+)\.(\d+)\.\d+-mariadb/i.exec(versionText)?.map(Number) ?? []
  return catalogue === 'documents' && (major! > 11 || (major === 11 && minor! >= 3))
}

/** Columns of `mysql.user` that are not called as their privilege is. */
const WORDS: Readonly<Record<string, string>> = {
  Grant_priv: 'GRANT OPTION',
  Repl_slave_priv: 'REPLICATION SLAVE',
  Repl_client_priv: 'REPLICATION CLIENT',
  Show_db_priv: 'SHOW DATABASES',
  Create_tmp_table_priv: 'CREATE TEMPORARY TABLES',
}

const wordOf = (column: string) =>
  column
    .replace(/_priv$/, '')
    .replaceAll('_', ' ')
    .toUpperCase()

async function fromGrants(link: Link, { moreInAll }: Rights, signal: AbortSignal): Promise<Rights> {
  const rows = await link.ask(signal, 'show grants')
  const lines = rows.map(row => String(Object.values(row)[0])).filter(line => / ON \*\.\* TO /.test(line))
  const words = lines.flatMap(line => /^GRANT (.+?) ON /.exec(line)![1]!.split(/, ?/))
  const grantOption = lines.some(line => /WITH GRANT OPTION/.test(line))
  return { global: new Set(words), all: words.includes('ALL PRIVILEGES'), grantOption, moreInAll }
}

const has = ({ all, global }: Rights, ...words: readonly string[]) => all || words.some(word => global.has(word))

/** What the managing login may not do, each in words that say what to give it. */
export function missingRights(state: ServerState, rights: Rights): readonly string[] {
  const missing: readonly (readonly [boolean, string])[] = [
    [!state.catalogue, 'SELECT on mysql.*: without it no login can be listed'],
    [!has(rights, 'CREATE USER'), 'CREATE USER: without it logins can be listed, but not made, changed or dropped'],
    [!rights.grantOption, 'GRANT OPTION on *.*: without it nothing can be granted'],
    [
      !READWRITE.every(word => has(rights, word)),
      'the rights on *.* that are to be granted: nobody grants what it has not itself',
    ],
    ...rights.moreInAll.map(
      word => [!has(rights, word), `${word}: without it owner is granted on no database, which is ALL there`] as const,
    ),
    [
      !has(rights, 'CREATE') || !has(rights, 'DROP'),
      'CREATE and DROP on *.*: without them databases are neither made nor dropped',
    ],
    [!has(rights, 'PROCESS'), 'PROCESS: without it sessions of others are not seen, and may outlive their login'],
    [
      !has(rights, 'SUPER', 'CONNECTION_ADMIN', 'CONNECTION ADMIN'),
      'CONNECTION_ADMIN (or SUPER): without it sessions of others are not ended',
    ],
    [!has(rights, 'REPLICATION SLAVE'), 'REPLICATION SLAVE: without it the right can be given to nobody'],
  ]
  return missing.filter(([lacks]) => lacks).map(([, words]) => words)
}

const READWRITE = [
  'SELECT',
  'INSERT',
  'UPDATE',
  'DELETE',
  'SHOW VIEW',
  'EXECUTE',
  'CREATE TEMPORARY TABLES',
  'LOCK TABLES',
]

export function mayMakeUsers(rights: Rights): boolean {
  return has(rights, 'CREATE USER')
}

export function mayMakeDatabases(rights: Rights): boolean {
  return has(rights, 'CREATE')
}

export function mayDropDatabases(rights: Rights): boolean {
  return has(rights, 'DROP')
}

export function mayGrant(rights: Rights, words: readonly string[]): boolean {
  return rights.grantOption && words.every(word => has(rights, word.toUpperCase()))
}

/** Everything on a database. */
export function mayGrantAll(rights: Rights): boolean {
  return rights.grantOption && rights.moreInAll.every(word => has(rights, word))
}

export function mayReplicate(rights: Rights): boolean {
  return rights.grantOption && has(rights, 'REPLICATION SLAVE')
}

export function missingRight(message: string): Refusal {
  return { code: 'missing_right', subject: 'server', message }
}

/** This login may not look where accounts are. */
export function missingCatalogue(): Fault {
  return new Fault(
    'missing_right',
    'server',
    'The managing login lacks SELECT on mysql.*, or this is a MySQL before 8.0.21 or a MariaDB before 10.4',
  )
}
