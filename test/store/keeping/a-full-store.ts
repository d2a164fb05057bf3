import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { newSecret } from '../../../src/domain/secret.ts'
import { openStore } from '../../../src/store/open.ts'
import type { MasterKey } from '../../../src/store/sealing/master-key.ts'
import { aKey, aManagedServer, anOperation, aUserRecord } from '../builders.ts'

interface Column {
  readonly name: string
  readonly type: string
  readonly notnull: 0 | 1
}

interface ForeignKey {
  readonly from: string
  readonly to: string
  readonly table: string
}

/** A store in which every table has rows, whatever tables there are by now; some of them real, all of them hard to copy. */
export async function aFullStore(folder: string, masterKey: MasterKey) {
  const store = await openStore({ folder, masterKey, serve: true })
  const { project, operator, instance, connection } = await aManagedServer(store)
  const secret = newSecret()
  await store.transaction(async tables => {
    await tables.keys.add(aKey(operator.id, project.id), secret)
    await tables.users.put(aUserRecord(instance.id, { password: newSecret() }))
    await tables.operations.begin(anOperation({ projectId: project.id }))
  })
  await store.close()
  addStrangeRows(join(folder, 'rolecall.db'))
  return { project, operator, connection, secret }
}

function addStrangeRows(path: string): void {
  const file = new Sqlite(path)
  file.pragma('foreign_keys = on')
  const tables = file.prepare<[], string>("select name from sqlite_schema where type = 'table'").pluck().all()
  const others = tables.filter(table => table !== 'installation' && table !== 'data_keys')
  for (const table of byDependence(file, others)) {
    // More than one batch of the copy.
    const rows = table === 'audit_lines' ? 1_203 : 3
    for (let at = 0; at < rows; at += 1) addRow(file, table, at)
  }
  file.close()
}

function byDependence(file: Sqlite.Database, tables: readonly string[]): readonly string[] {
  const done: string[] = []
  while (done.length < tables.length) {
    const ready = tables.filter(
      table => !done.includes(table) && foreignKeys(file, table).every(({ table: to }) => done.includes(to)),
    )
    if (ready.length === 0) throw new Error('tables in a circle')
    done.push(...ready)
  }
  return done
}

const foreignKeys = (file: Sqlite.Database, table: string) => file.pragma(`foreign_key_list(${table})`) as ForeignKey[]

function addRow(file: Sqlite.Database, table: string, at: number): void {
  const columns = file.pragma(`table_info(${table})`) as Column[]
  const keys = foreignKeys(file, table)
  const values = columns.map(column => {
    const key = keys.find(({ from }) => from === column.name)
    if (key)
      return file
        .prepare(`select ${key.to} from ${key.table} order by rowid desc limit 1 offset ${at % 3}`)
        .pluck()
        .get()
    if (!column.notnull && at % 3 === 1) return null
    return column.type.toLowerCase() === 'integer' ? numberAt(at) : textAt(at)
  })
  file.prepare(`insert into ${table} values (${columns.map(() => '?').join(', ')})`).run(values)
}

const numberAt = (at: number) => [Number.MAX_SAFE_INTEGER, -7, 40][at % 3]! - (at > 2 ? at * 1_000 : 0)

const STRANGE = ['', ` leading, "quotes" 'and' \\backslashes\\ `, 'Ärger 🗝 \u2028\n\t\r{"json": [null]}']
const textAt = (at: number) => `${STRANGE[at % 3]}${randomBytes(6).toString('hex')}`
