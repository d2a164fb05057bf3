import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Db, MongoClient } from 'mongodb'
import { startInstance } from '../../../../support/mongodb/instance.ts'
import { accountsOn, logsInToMongodb, mongodbClient } from '../../../../support/mongodb/logins.ts'
import { mongodbServers, serverOfMongodb, type TestServer } from '../../../../support/servers.ts'
import type { Kind, OwnServer } from './kind.ts'

export const MONGODB: Kind = {
  name: 'SecantusDB',
  isLeftOut: mongodbServers().length === 0,
  datastore: 'mongodb',
  root: 'admin.root',
  reservedDatabase: 'admin',
  hosts: false,
  renames: false,
  // It does not take back what SCRAM writes for these two.
  letsIn: name => !/[=,]/.test(name),
  shown: name => (placeOf(name).db === 'admin' ? `admin.${placeOf(name).user}` : name),
  async start() {
    const folder = mkdtempSync(join(tmpdir(), 'rolecall-own-mongodb-'))
    const instance = await startInstance(folder)
    return ownServer(serverOfMongodb(instance), async () => {
      await instance[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    })
  },
}

/** What the first dot parts; without one, or with nothing in front of it, a name of `admin`. */
function placeOf(name: string): { readonly db: string; readonly user: string } {
  const dot = name.indexOf('.')
  return dot <= 0 ? { db: 'admin', user: name } : { db: name.slice(0, dot), user: name.slice(dot + 1) }
}

const MECHANISMS = ['SCRAM-SHA-256']
const UNAUTHORIZED = 13

function ownServer(server: TestServer, stop: () => Promise<void>): OwnServer {
  const admin = async (work: (client: MongoClient) => Promise<unknown>) => {
    await using client = mongodbClient(server)
    await work(client)
  }
  const eachLogin = (names: readonly string[], work: (db: Db, user: string) => Promise<unknown>) =>
    admin(async client => {
      for (const { db, user } of names.map(placeOf)) await work(client.db(db), user)
    })
  const logsIn = (name: string, password: string) => {
    const { db, user } = placeOf(name)
    return logsInToMongodb(server, user, password, db)
  }
  const mayWrite = async (name: string, password: string, database: string) => {
    const { db: authSource, user: username } = placeOf(name)
    await using client = mongodbClient(server, { username, password, authSource })
    return await writes(client.db(database))
  }
  return {
    server,
    makeLogins: (...logins) =>
      eachLogin(
        logins.map(({ name }) => name),
        (db, user) => db.command({ createUser: user, pwd: 'made-by-others-1', roles: [], mechanisms: MECHANISMS }),
      ),
    dropLogins: (...logins) =>
      eachLogin(
        logins.map(({ name }) => name),
        (db, user) => db.command({ dropUser: user }),
      ),
    makeDatabases: (...names) =>
      admin(async client => {
        for (const name of names) await client.db(name).createCollection('made')
      }),
    dropDatabases: (...names) =>
      admin(async client => {
        for (const name of names) await client.db(name).dropDatabase()
      }),
    clear: () => clear(server),
    logsIn,
    mayWrite,
    // Nobody is locked out there: a locked login may do nothing.
    rules: async (root, password) => (await logsIn(root, password)) && (await mayWrite(root, password, 'ruled')),
    [Symbol.asyncDispose]: stop,
  }
}

async function clear(server: TestServer): Promise<void> {
  await using admin = mongodbClient(server)
  for (const { user, db } of await accountsOn(server, ''))
    if (user !== server.username) await admin.db(db).command({ dropUser: user })
  const { databases } = await admin.db('admin').admin().listDatabases({ nameOnly: true })
  for (const { name } of databases)
    if (!['admin', 'config', 'local'].includes(name)) await admin.db(name).dropDatabase()
}

async function writes(database: Db): Promise<boolean> {
  try {
    await database.createCollection('written')
    await database.collection('written').insertOne({ a: 1 })
    await database.dropCollection('written')
    return true
  } catch (error) {
    if ((error as { code?: number }).code === UNAUTHORIZED) return false
    throw error
  }
}
