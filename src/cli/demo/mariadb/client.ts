import type { Connection } from 'mysql2/promise'
import { MANAGING_LOGIN, type ManagingLogin } from '../product.ts'

export async function takesLogins(login: ManagingLogin): Promise<boolean> {
  try {
    await withClient(login, client => client.query('select 1'))
    return true
  } catch {
    return false
  }
}

/** A session of the managing login. */
export async function withClient(
  { port, password }: ManagingLogin,
  work: (client: Connection) => Promise<unknown>,
): Promise<void> {
  // The driver is loaded where there is a MariaDB, and nowhere else.
  const { createConnection } = await import('mysql2/promise')
  const client = await createConnection({ host: '127.0.0.1', port, user: MANAGING_LOGIN, password })
  client.on('error', () => undefined)
  try {
    await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}
