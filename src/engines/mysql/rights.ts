import { Fault } from '../../domain/fault.ts'
import type { Refusal } from '../engine.ts'
import type { Link } from './link/link.ts'
import type { ServerState } from './link/server.ts'

/** What the managing login may do, as far as it matters to us. */
export interface Rights {
  /** Words of SHOW GRANTS for what it has on everything. */
  readonly global: ReadonlySet<string>
  readonly all: boolean
  readonly grantOption: boolean
}

/** Its own row says most; roles that it acts in are in its grants alone. Thousands of our marks would be, too, so they come second. */
export async function readRights(link: Link, signal: AbortSignal): Promise<Rights> {
  const own = await ownRow(link, signal)
  if (own.all || !link.state.catalogue) return own.all ? own : fromGrants(link, signal)
  return missingRights(link.state, own).length === 0 ? own : fromGrants(link, signal)
}

const OWN = `select u.* from mysql.user u where u.Host = ? and u.User = ?`
const DYNAMIC = `select g.PRIV as priv from mysql.global_grants g where g.HOST = ? and g.USER = ?`

const NONE: Rights = { global: new Set(), all: false, grantOption: false }

async function ownRow(link: Link, signal: AbortSignal): Promise<Rights> {
  const { me, catalogue } = link.state
  if (!catalogue) return NONE
  const [row] = await link.ask(signal, OWN, [me.host, me.name])
  if (!row) return NONE
  const columns = Object.keys(row).filter(column => column.endsWith('_priv'))
  const has = columns.filter(column => row[column] === 'Y').map(column => WORDS[column] ?? wordOf(column))
  const dynamic =
    catalogue === 'attributes' ? await link.ask<{ priv: string }>(signal, DYNAMIC, [me.host, me.name]) : []
  const all = columns.every(column => row[column] === 'Y')
  return { global: new Set([...has, ...dynamic.map(({ priv }) => priv)]), all, grantOption: row.Grant_priv === 'Y' }
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

async function fromGrants(link: Link, signal: AbortSignal): Promise<Rights> {
  const rows = await link.ask(signal, 'show grants')
  const lines = rows.map(row => String(Object.values(row)[0])).filter(line => / ON \*\.\* TO /.test(line))
  const words = lines.flatMap(line => /^GRANT (.+?) ON /.exec(line)![1]!.split(/, ?/))
  const grantOption = lines.some(line => /WITH GRANT OPTION/.test(line))
  return { global: new Set(words), all: words.includes('ALL PRIVILEGES'), grantOption }
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
