import { setImmediate as aTurn } from 'node:timers/promises'
import { type Kysely, type SqlBool, sql } from 'kysely'
import type { Schema } from '../../schema.ts'
import { listDataKeys, makeDataKeys, openVault } from '../../sealing/data-keys.ts'
import type { KeyPlace } from '../../sealing/master-key.ts'
import type { Vault } from '../../sealing/vault.ts'
import { SEALED_COLUMNS, type SealedColumn } from '../../tables/sealed-columns.ts'
import { aloneIn, checkNoReplica } from '../alone.ts'
import { type Changing, changing } from '../changing.ts'
import type { OnProgress } from '../fill.ts'
import type { StorePlace } from '../place.ts'

export interface Resealed {
  /** The data key that seals from now on. */
  readonly dataKey: string
  /** Values that were sealed anew. */
  readonly resealed: number
  /** Values whose master key is not in the ring: they stay as they are, and so does the data key they need. */
  readonly unreadable: number
  /** Data keys that nothing needs any more, and that are gone. */
  readonly dropped: readonly string[]
}

/**
 * Seals every value anew, under a new data key, and forgets the old ones: who has had them can read nothing of what is stored from now
 * on. In one transaction, so a crash leaves all of it as it was. Running servers hold the old keys, so there must be none.
 */
export async function reseal(place: StorePlace, key: KeyPlace, onProgress: OnProgress = () => {}): Promise<Resealed> {
  using _alone = aloneIn(place)
  return await changing(place, async on => {
    await checkNoReplica(place, on)
    const { master } = await openVault(on.db, key, 0)
    const before = (await listDataKeys(on.db)).filter(({ purpose }) => purpose === 'seal')
    // Newer than any that is there, whatever the clock says: the newest one seals.
    const now = Math.max(await on.words.now(on.db), ...before.map(({ createdAt }) => createdAt + 1))
    await makeDataKeys(on.db, master, now, ['seal'])
    const { vault } = await openVault(on.db, master, 0)
    const counts = await resealAll(on, vault, onProgress)
    const dropped = await dropUnused(
      on,
      before.map(({ id }) => id),
    )
    const [newest] = await listDataKeys(on.db)
    return { dataKey: newest!.id, ...counts, dropped }
  })
}

interface Counts {
  readonly resealed: number
  readonly unreadable: number
}

async function resealAll({ db }: Changing, vault: Vault, onProgress: OnProgress): Promise<Counts> {
  const sizes = await Promise.all(SEALED_COLUMNS.map(column => countIn(db, column)))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  let [resealed, unreadable] = [0, 0]
  for (const sealed of SEALED_COLUMNS) {
    for await (const { value, key } of valuesIn(db, sealed)) {
      const secret = vault.open(value, sealed.place(key))
      if (secret) await write(db, sealed, key, vault.seal(secret, sealed.place(key)))
      if (secret) resealed++
      else unreadable++
      onProgress({ table: sealed.table, done: resealed + unreadable, total })
    }
  }
  return { resealed, unreadable }
}

interface SealedValue {
  readonly key: readonly (string | number)[]
  readonly value: string
}

const AT_ONCE = 500

/** In the order of their keys, some at a time; the whole table need not fit into memory. */
async function* valuesIn(db: Kysely<Schema>, sealed: SealedColumn): AsyncGenerator<SealedValue> {
  for (let after: SealedValue['key'] | undefined, last = false; !last; ) {
    const values = await someIn(db, sealed, after)
    yield* values
    last = values.length < AT_ONCE
    after = values.at(-1)?.key
    // SQLite never waits for anything: without this no signal would be heard before the end.
    await aTurn()
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever table is sealed.
type AnyDatabase = Kysely<any>

async function someIn(db: AnyDatabase, sealed: SealedColumn, after: SealedValue['key'] | undefined) {
  const { table, column, key } = sealed
  const beyond = sql<SqlBool>`(${sql.join(key.map(name => sql.ref(name)))}) > (${sql.join([...(after ?? [])])})`
  let query = db
    .selectFrom(table)
    .select([...key, column])
    .where(isSealed(sealed))
  if (after) query = query.where(beyond)
  for (const name of key) query = query.orderBy(name)
  const rows: readonly Readonly<Record<string, string | number>>[] = await query.limit(AT_ONCE).execute()
  return rows.map(row => ({ key: key.map(name => row[name]!), value: String(row[column]) }))
}

/** A credential may also be the name of a variable or file, which is no secret. */
function isSealed({ table, column }: SealedColumn) {
  const there = sql<SqlBool>`${sql.ref(column)} is not null`
  if (table !== 'connections' || column !== 'credential') return there
  return sql<SqlBool>`${there} and ${sql.ref('credentialKind')} = 'sealed'`
}

async function countIn(db: AnyDatabase, sealed: SealedColumn): Promise<number> {
  const query = db.selectFrom(sealed.table).select(eb => eb.fn.countAll<number>().as('rows'))
  return (await query.where(isSealed(sealed)).executeTakeFirstOrThrow()).rows
}

async function write(db: AnyDatabase, { table, column, key }: SealedColumn, at: SealedValue['key'], value: string) {
  let query = db.updateTable(table).set({ [column]: value })
  for (const [n, name] of key.entries()) query = query.where(name, '=', at[n])
  await query.execute()
}

/** A data key goes only when nothing begins with its name any more. */
async function dropUnused({ db }: Changing, ids: readonly string[]): Promise<readonly string[]> {
  const dropped: string[] = []
  for (const id of ids) {
    const used = await Promise.all(SEALED_COLUMNS.map(sealed => isUsed(db, sealed, id)))
    if (used.includes(true)) continue
    await db.deleteFrom('dataKeys').where('id', '=', id).execute()
    dropped.push(id)
  }
  return dropped
}

async function isUsed(db: AnyDatabase, { table, column }: SealedColumn, id: string): Promise<boolean> {
  const begins = sql<SqlBool>`substr(${sql.ref(column)}, 1, ${sql.lit(id.length + 1)}) = ${`${id}.`}`
  return (await db.selectFrom(table).select(column).where(begins).limit(1).execute()).length > 0
}
