import type { Link } from '../link/link.ts'

// The server's own: sessions of ours may have another.
const SQL_MODE = 'select @@global.sql_mode as mode'

/** The modes that are on, with commas between them. */
export async function readSqlMode(link: Link, signal: AbortSignal): Promise<string> {
  const [row] = await link.ask<{ readonly mode: string }>(signal, SQL_MODE)
  return row?.mode ?? ''
}
