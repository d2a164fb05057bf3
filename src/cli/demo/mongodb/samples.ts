import type { MongoClient } from 'mongodb'
import { newSecret } from '../../../domain/secret.ts'
import { MANAGING_LOGIN, type ManagingLogin } from '../product.ts'
import { DATABASES, documentsOf, LOGINS } from '../shop.ts'
import { withClient } from './client.ts'

export async function addSamples(login: ManagingLogin): Promise<void> {
  await withClient(login, async client => {
    await dropOthers(client)
    for (const name of LOGINS) await addLogin(client, name)
    for (const { name, tables } of DATABASES) for (const table of tables) await addDocuments(client, name, table)
  })
}

/** Before it had its managing login, whoever found its port could have made one. */
async function dropOthers(client: MongoClient): Promise<void> {
  const found = await client.db('admin').collection('system.users').find().toArray()
  for (const { user, db } of found) {
    if (user !== MANAGING_LOGIN || db !== 'admin') await client.db(db).command({ dropUser: user })
  }
}

/** With a password that nobody knows. */
async function addLogin(client: MongoClient, name: string): Promise<void> {
  const roles = DATABASES.filter(({ owner }) => owner === name).flatMap(({ name: db }) => [
    { role: 'readWrite', db },
    { role: 'dbAdmin', db },
  ])
  await client.db('admin').command({ createUser: name, pwd: newSecret().reveal(), roles })
}

async function addDocuments(
  client: MongoClient,
  database: string,
  table: (typeof DATABASES)[number]['tables'][number],
): Promise<void> {
  // Those that are there already are what this says of them in its answer.
  await client.db(database).command({ insert: table.name, documents: documentsOf(table), ordered: false })
}
