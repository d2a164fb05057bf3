import { MongoClient } from 'mongodb'
import type { TestServer } from '../servers.ts'

interface Seat {
  readonly username: string
  readonly password: string
  readonly authSource?: string
}

/** A client of the server itself: as the login that may do everything, unless another is named. */
export function mongodbClient(server: TestServer, { username, password, authSource = 'admin' }: Seat = server) {
  const auth = { username, password }
  return new MongoClient(`mongodb://${server.host}:${server.port}/?directConnection=true`, { auth, authSource })
}

const AUTHENTICATION_FAILED = 18

/** True if the password opens the login; false if the server turns it away. */
export async function logsInToMongodb(server: TestServer, username: string, password: string, authSource = 'admin') {
  return opensMongodb(mongodbClient(server, { username, password, authSource }))
}

/** Does an address with a login and its password in it lead in. */
async function opensMongodb(client: MongoClient): Promise<boolean> {
  try {
    await client.connect()
    return true
  } catch (error) {
    if ((error as { code?: number }).code === AUTHENTICATION_FAILED) return false
    throw error
  } finally {
    await client.close()
  }
}

interface AccountSeen {
  readonly user: string
  readonly db: string
  readonly roles: readonly { readonly role: string; readonly db: string }[]
}

/** Logins as the server itself shows them, by a beginning of their names; roles as `DATABASE.ROLE`, those that mark left out. */
export async function accountsOn(server: TestServer, prefix: string) {
  await using admin = mongodbClient(server)
  const all = await admin.db('admin').collection<AccountSeen>('system.users').find().toArray()
  const roles = (held: AccountSeen['roles']) => held.map(one => `${one.db}.${one.role}`).filter(one => !isMark(one))
  return all
    .filter(({ user }) => user.startsWith(prefix))
    .map(one => ({ user: one.user, db: one.db, roles: roles(one.roles).toSorted() }))
    .toSorted((one, other) => `${one.user}/${one.db}`.localeCompare(`${other.user}/${other.db}`))
}

const isMark = (role: string): boolean => role.startsWith('admin.rolecall.mark.')

/** Takes away all logins whose names begin so, and databases. */
export async function clearMongodb(server: TestServer, prefix: string): Promise<void> {
  await using admin = mongodbClient(server)
  for (const { user, db } of await accountsOn(server, prefix)) await admin.db(db).command({ dropUser: user })
  const { databases } = await admin.db('admin').admin().listDatabases({ nameOnly: true })
  for (const { name } of databases) if (name.startsWith(prefix)) await admin.db(name).dropDatabase()
}
