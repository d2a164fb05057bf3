import type pg from 'pg'
import type { ManagingLogin } from '../product.ts'
import { columnsInSql, DATABASES, LOGINS, rowsInSql } from '../shop.ts'
import { withClient } from './client.ts'

export async function addSamples(login: ManagingLogin): Promise<void> {
  await withClient(login, 'postgres', async client => {
    for (const name of LOGINS) await createOnce(client, 'pg_roles', 'rolname', name, `create role ${name} login`)
    for (const { name, owner } of DATABASES) {
      await createOnce(client, 'pg_database', 'datname', name, `create database ${name} owner ${owner}`)
    }
  })
  for (const { name, owner, tables } of DATABASES) {
    await withClient(login, name, async client => {
      await client.query(`set role ${owner}`)
      for (const table of tables) {
        await client.query(`create table if not exists ${table.name} (${columnsInSql(table)})`)
        await client.query(`insert into ${table.name} values ${rowsInSql(table)} on conflict do nothing`)
      }
    })
  }
}

async function createOnce(client: pg.Client, catalog: string, column: string, name: string, statement: string) {
  const { rowCount } = await client.query(`select 1 from ${catalog} where ${column} = $1`, [name])
  if (!rowCount) await client.query(statement)
}
