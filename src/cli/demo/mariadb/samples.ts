import { randomBytes } from 'node:crypto'
import type { ManagingLogin } from '../product.ts'
import { columnsInSql, DATABASES, LOGINS, rowsInSql } from '../shop.ts'
import { withClient } from './client.ts'

export async function addSamples(login: ManagingLogin): Promise<void> {
  await withClient(login, async client => {
    for (const statement of statements()) await client.query(statement)
  })
}

function statements(): readonly string[] {
  return [...LOGINS.map(createLogin), ...DATABASES.flatMap(createDatabase)]
}

/** A login without a password would be open to everybody, so each gets the hash of one that nobody knows. */
function createLogin(name: string): string {
  const hash = randomBytes(20).toString('hex').toUpperCase()
  return `create user if not exists ${name}@'%' identified via mysql_native_password using '*${hash}'`
}

function createDatabase({ name, owner, tables }: (typeof DATABASES)[number]): readonly string[] {
  return [
    `create database if not exists ${name}`,
    `grant all privileges on ${name}.* to ${owner}@'%'`,
    `use ${name}`,
    ...tables.flatMap(table => [
      `create table if not exists ${table.name} (${columnsInSql(table)})`,
      `insert ignore into ${table.name} values ${rowsInSql(table)}`,
    ]),
  ]
}
