import pg from 'pg'
import { logsInToMysql } from './mariadb/logins.ts'
import { logsInToMongodb } from './mongodb/logins.ts'
import type { TestServer } from './servers.ts'

/** A client of the engine itself, as its superuser. */
export async function engineClient(server: TestServer, database = server.database): Promise<pg.Client> {
  const { host, port, username: user, password } = server
  const client = new pg.Client({ host, port, database, user, password })
  await client.connect()
  return client
}

/** True if the password opens the login; false if the server turns it away. */
export async function logsIn(
  server: TestServer,
  user: string,
  password: string,
  database = server.database,
): Promise<boolean> {
  if (server.engine === 'mysql') return logsInToMysql(server, user, password)
  if (server.engine === 'mongodb') return logsInToMongodb(server, user, password)
  const client = new pg.Client({ host: server.host, port: server.port, database, user, password })
  try {
    await client.connect()
    return true
  } catch (error) {
    if (['28P01', '28000'].includes((error as { code?: string }).code ?? '')) return false
    throw error
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** An open session of a login, that tells when it was ended. */
export async function openSession(
  server: TestServer,
  user: string,
  password: string,
): Promise<{ readonly client: pg.Client; readonly ended: Promise<void> }> {
  const client = new pg.Client({ host: server.host, port: server.port, database: server.database, user, password })
  const ended = new Promise<void>(resolve => client.once('end', () => resolve()))
  client.on('error', () => undefined)
  await client.connect()
  return { client, ended }
}
