import { Fault } from '../../domain/fault.ts'
import type { Rows } from '../../domain/servers/data-source.ts'
import type { Link } from './link/link.ts'
import type { Document } from './link/session.ts'

const LONGEST_TEXT = 1_000

/** Fields of the first documents of a collection, in the order in which they come up. */
export async function previewCollection(link: Link, name: string, limit: number, signal: AbortSignal): Promise<Rows> {
  const database = link.target.database || 'admin'
  if (isOwn(database, name)) throw noCollection(name)
  await checkThere(link, database, name, signal)
  // A limit of none would be no limit.
  const rows = Math.max(1, Math.trunc(limit))
  const { cursor } = await link.ask(signal, database, { find: name, limit: rows, batchSize: rows, singleBatch: true })
  const documents = (cursor.firstBatch as readonly Document[]).slice(0, limit)
  const names = [...new Set(documents.flatMap(document => Object.keys(document)))]
  return {
    columns: names.map(column => ({ name: column })),
    rows: documents.map(document => names.map(column => textOf(document[column]))),
  }
}

async function checkThere(link: Link, database: string, name: string, signal: AbortSignal): Promise<void> {
  const { cursor } = await link.ask(signal, database, { listCollections: 1, nameOnly: true, filter: { name } })
  if ((cursor.firstBatch as readonly Document[]).some(one => one.name === name)) return
  throw noCollection(name)
}

/** The server's own: hashes of all passwords are in there, and in its log of changes. */
function isOwn(database: string, name: string): boolean {
  return name.startsWith('system.') || database === 'local' || database === 'config'
}

function noCollection(name: string): Fault {
  return new Fault('not_found', 'table', `No collection or view ${name} in the database of this connection`)
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  const isPlain =
    typeof value === 'object' && [Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value))
  return (isPlain ? JSON.stringify(value) : String(value)).slice(0, LONGEST_TEXT)
}
