import pg from 'pg'
import { MANAGING_LOGIN, type ManagingLogin } from '../product.ts'

export async function takesLogins(login: ManagingLogin): Promise<boolean> {
  try {
    await withClient(login, 'postgres', client => client.query('select 1'))
    return true
  } catch {
    return false
  }
}

/** A session of the managing login. */
export async function withClient(
  { port, password }: ManagingLogin,
  database: string,
  work: (client: pg.Client) => Promise<unknown>,
): Promise<void> {
  const client = new pg.Client({ host: '127.0.0.1', port, user: MANAGING_LOGIN, password, database })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await work(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}
