import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import { Fault } from '../domain/fault.ts'
import type { KeyPage } from '../domain/page.ts'
import type { Schema } from './schema.ts'
import type { Vault } from './sealing/vault.ts'

/** What the tables work with. */
export interface Context {
  readonly db: Kysely<Schema>
  readonly vault: Vault
  readonly words: DatabaseWords
  /** In a transaction: rows that are read may be locked. */
  readonly locking: boolean
}

/** The few places where the two databases do not speak alike. */
export interface DatabaseWords {
  /** Finds a text in a text, literally: `instr`, `strpos`. */
  readonly positionOf: string
  /** Has `for update` and `skip locked`: more than one transaction can write at a time. */
  readonly rowLocks: boolean
  now(db: Kysely<Schema>): Promise<number>
  /** What must be there before the first table. */
  prepare(db: Kysely<Schema>): Promise<void>
}

/** The conditions of a page in ascending key order; `search` is the column that `q` looks in. */
export function within(context: Context, page: KeyPage, key: string, search: string): Expression<SqlBool> {
  return pageOf(context, page, search, page.after === undefined ? undefined : sql`${sql.ref(key)} > ${page.after}`)
}

/** The same, newest first. */
export function withinBackwards(context: Context, page: KeyPage, key: string, search: string): Expression<SqlBool> {
  return pageOf(context, page, search, page.after === undefined ? undefined : sql`${sql.ref(key)} < ${page.after}`)
}

function pageOf(context: Context, { q }: KeyPage, search: string, after?: Expression<unknown>): Expression<SqlBool> {
  const found = q === undefined || q === '' ? undefined : contains(context, search, q)
  return sql<SqlBool>`${after ?? sql`1 = 1`} and ${found ?? sql`1 = 1`}`
}

/** Literal and without a locale: the column holds `searchable` text. */
export function contains({ words }: Context, column: string, q: string): Expression<SqlBool> {
  // No text here has a NUL in it, and PostgreSQL takes none in a question.
  if (q.includes('\u0000')) return sql<SqlBool>`1 = 0`
  return sql<SqlBool>`${sql.raw(words.positionOf)}(${sql.ref(column)}, ${searchable(q)}) > 0`
}

export function searchable(...parts: readonly (string | undefined)[]): string {
  return parts
    .filter(part => part !== undefined)
    .join('\n')
    .normalize('NFC')
    .toLowerCase()
}

/** Databases know null, the domain knows absence. */
export type Nulled<T> = { [K in keyof T]: undefined extends T[K] ? Exclude<T[K], undefined> | null : T[K] }

export function withNulls<T extends object>(values: T): Nulled<T> {
  const entries = Object.entries(values).map(([name, value]) => [name, value ?? null])
  return Object.fromEntries(entries) as Nulled<T>
}

export type Unnulled<T> = { [K in keyof T]: null extends T[K] ? Exclude<T[K], null> | undefined : T[K] }

export function withoutNulls<T extends object>(row: T): Unnulled<T> {
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== null && value !== undefined),
  ) as Unnulled<T>
}

/** Undefined in, undefined out. */
export function toJson(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value)
}

export function fromJson<T>(text: string): T {
  return JSON.parse(text) as T
}

/** Written out, not as a parameter: only so are the indexes that hold open operations alone sure to be used. */
export const OPEN = sql.lit<'open'>('open')
export const STILL_OPEN = sql.lit<1>(1)

export const yesNo = (value: boolean): 0 | 1 => (value ? 1 : 0)

/** The one answer to a write that found another version than its caller had read. */
export function staleVersion(subject: 'project' | 'instance' | 'connection' | 'data-source'): Fault {
  return new Fault('precondition_failed', subject, `The ${subject} has been changed meanwhile: read it again`)
}
