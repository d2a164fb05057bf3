import { cutPage, type KeyPage, type Page } from '../../../domain/page.ts'
import type { Database } from '../../../domain/servers/database.ts'
import type { Link } from '../link/link.ts'
import { canBeThere, SYSTEM_DATABASES } from '../names.ts'
import { quoteText } from '../sql.ts'

const NAME = 'convert(s.SCHEMA_NAME using utf8mb4) collate utf8mb4_bin'

const SIZE = `(select sum(t.DATA_LENGTH + t.INDEX_LENGTH) from information_schema.tables t where t.TABLE_SCHEMA = s.SCHEMA_NAME)`

const hidden = `lower(s.SCHEMA_NAME) in (${SYSTEM_DATABASES.map(quoteText).join(', ')})`

const row = (size: string) => `
select s.SCHEMA_NAME as name, s.DEFAULT_CHARACTER_SET_NAME as encoding, s.DEFAULT_COLLATION_NAME as collation, ${size} as sizeBytes
from information_schema.schemata s where not ${hidden}`

// The size of one is counted over its tables' statistics: for a whole page the server would open every table there is.
const LIST = `${row('null')} and ${NAME} > ? and locate(lower(?), lower(convert(s.SCHEMA_NAME using utf8mb4)) collate utf8mb4_bin) > 0
order by ${NAME} limit ?`

const FIND = `${row(SIZE)} and s.SCHEMA_NAME = ?`

interface Row {
  readonly name: string
  readonly encoding: string
  readonly collation: string
  readonly sizeBytes: number | string | null
}

export async function listDatabases(link: Link, page: KeyPage, signal: AbortSignal): Promise<Page<Database>> {
  const values = [page.after ?? '', page.q ?? '', String(page.limit + 1)]
  const databases = (await link.ask<Row>(signal, LIST, values)).map(databaseFrom)
  return cutPage(databases, page.limit, ({ name }) => name)
}

export async function findDatabase(link: Link, name: string, signal: AbortSignal): Promise<Database | undefined> {
  if (!canBeThere(name)) return undefined
  const found = await link.ask<Row>(signal, FIND, [name])
  return found.filter(one => one.name === name).map(databaseFrom)[0]
}

function databaseFrom({ name, encoding, collation, sizeBytes }: Row): Database {
  return { name, encoding, collation, sizeBytes: sizeBytes === null ? undefined : Number(sizeBytes), flags: [] }
}
