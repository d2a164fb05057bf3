import { cutPage, type KeyPage, type Page } from '../../../domain/page.ts'
import type { Database } from '../../../domain/servers/database.ts'
import type { Link } from '../link/link.ts'
import type { Document } from '../link/session.ts'
import { canBeThere, SYSTEM_DATABASES } from '../names.ts'

/** The server cuts no pages of databases and has no order for them: names alone are asked for, and cut here. */
export async function listDatabases(link: Link, page: KeyPage, signal: AbortSignal): Promise<Page<Database>> {
  const wanted = page.q?.toLowerCase() ?? ''
  const names = (await databaseNames(link, signal))
    .filter(name => name > (page.after ?? '') && name.toLowerCase().includes(wanted))
    .toSorted()
  const rows = names.slice(0, page.limit + 1).map((name): Database => ({ name, flags: [] }))
  return cutPage(rows, page.limit, ({ name }) => name)
}

export async function databaseNames(
  link: Link,
  signal: AbortSignal,
  filter: Document = {},
): Promise<readonly string[]> {
  const { databases } = await link.ask(signal, 'admin', { listDatabases: 1, nameOnly: true, filter })
  return (databases as readonly { name: string }[])
    .map(({ name }) => name)
    .filter(one => !SYSTEM_DATABASES.includes(one))
}

export async function findDatabase(link: Link, name: string, signal: AbortSignal): Promise<Database | undefined> {
  if (name === '' || !canBeThere(name)) return undefined
  const { databases } = await link.ask(signal, 'admin', { listDatabases: 1, filter: { name } })
  const found = (databases as readonly Document[]).find(one => one.name === name)
  return found && !SYSTEM_DATABASES.includes(name) ? { name, sizeBytes: sizeIn(found), flags: [] } : undefined
}

function sizeIn({ sizeOnDisk }: Document): number | undefined {
  return sizeOnDisk === undefined ? undefined : Number(sizeOnDisk)
}
