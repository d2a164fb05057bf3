import mysql, { type Connection } from 'mysql2/promise'
import type { TestServer } from '../servers.ts'

/** A client of the engine itself, as the login that may do everything. */
export function mysqlClient(server: TestServer): Promise<Connection> {
  return clientAs(server, server.username, server.password)
}

function clientAs({ host, port }: TestServer, user: string, password: string): Promise<Connection> {
  return mysql.createConnection({ host, port, user, password, rowsAsArray: false })
}

const REFUSED = ['ER_ACCESS_DENIED_ERROR', 'ER_ACCOUNT_HAS_BEEN_LOCKED']

/** True if the password opens the login; false if the server turns it away. */
export async function logsInToMysql(server: TestServer, user: string, password: string): Promise<boolean> {
  try {
    const client = await clientAs(server, user, password)
    await client.end()
    return true
  } catch (error) {
    const { code = '', errno } = error as { code?: string; errno?: number }
    if (REFUSED.includes(code) || errno === 4151) return false
    throw error
  }
}
