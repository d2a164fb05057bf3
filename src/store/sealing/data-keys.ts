import { randomBytes } from 'node:crypto'
import type { Kysely } from 'kysely'
import { StoreProblem } from '../problem.ts'
import type { DataKeyRow } from '../rows/installation.ts'
import type { Schema } from '../schema.ts'
import { type KeyPlace, LOST, loadMasterKey, MasterKey } from './master-key.ts'
import { type DataKey, Vault } from './vault.ts'

export interface Sealing {
  readonly master: MasterKey
  readonly vault: Vault
}

/** In the transaction that prepares the store: of several replicas that start at once, one makes the keys. */
export async function openVault(db: Kysely<Schema>, key: MasterKey | KeyPlace, now: number): Promise<Sealing> {
  const rows = await listDataKeys(db)
  const master = key instanceof MasterKey ? key : loadMasterKey(key, rows.length === 0)
  if (rows.length === 0) await makeDataKeys(db, master, now)
  return { master, vault: vaultFrom(master, rows.length === 0 ? await listDataKeys(db) : rows) }
}

/** Wraps every data key with the ring's first key, so that the older ones may be put away. Answers how many it wrapped. */
export async function rewrapDataKeys(db: Kysely<Schema>, master: MasterKey): Promise<number> {
  const rows = await listDataKeys(db)
  const opened = rows.flatMap(row => {
    const key = master.unwrap(row.wrapped, contextOf(row))
    return key ? [{ row, key }] : []
  })
  for (const { row, key } of opened) {
    const wrapped = master.wrap(key, contextOf(row))
    await db.updateTable('dataKeys').set({ wrapped }).where('id', '=', row.id).execute()
  }
  return opened.length
}

export function listDataKeys(db: Kysely<Schema>): Promise<DataKeyRow[]> {
  return db.selectFrom('dataKeys').selectAll().orderBy('createdAt', 'desc').orderBy('id').execute()
}

/** Newer than any that is there: the newest seal. */
export async function makeDataKeys(
  db: Kysely<Schema>,
  master: MasterKey,
  createdAt: number,
  purposes: readonly DataKeyRow['purpose'][] = ['seal', 'lookup'],
): Promise<void> {
  const rows = purposes.map(purpose => {
    const id = randomBytes(6).toString('hex')
    return { id, purpose, createdAt, wrapped: master.wrap(randomBytes(32), contextOf({ id, purpose })) }
  })
  await db.insertInto('dataKeys').values(rows).execute()
}

function vaultFrom(master: MasterKey, rows: readonly DataKeyRow[]): Vault {
  const [newest, ...older] = rows.filter(row => row.purpose === 'seal').map(row => unwrap(master, row))
  const lookup = rows.filter(row => row.purpose === 'lookup').map(row => unwrap(master, row))[0]
  if (!newest || !lookup) throw wrongKey(master, rows)
  return new Vault({ seal: [newest, ...older.filter(key => key !== undefined)], lookup })
}

function unwrap(master: MasterKey, row: DataKeyRow): DataKey | undefined {
  const key = master.unwrap(row.wrapped, contextOf(row))
  return key && { id: row.id, key }
}

function wrongKey(master: MasterKey, rows: readonly DataKeyRow[]): StoreProblem {
  const made = [...new Set(rows.map(row => row.wrapped.split('.')[0]))].join(' and ')
  return new StoreProblem(
    'master-key-wrong',
    `The store was sealed with master key ${made}, and I was given ${master.fingerprint}: ` +
      'put back the right one, or name both in ROLECALL_MASTER_KEY with a comma between, the current one first. ' +
      LOST,
  )
}

function contextOf(row: Pick<DataKeyRow, 'id' | 'purpose'>): readonly string[] {
  return ['data_keys', row.id, row.purpose]
}
