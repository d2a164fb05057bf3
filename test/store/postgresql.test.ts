import { afterAll, beforeAll } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { storeContract } from '../contract/store.ts'
import { aMasterKey } from './builders.ts'
import { type OwnPostgresql, ownPostgresql } from './postgresql-server.ts'

let server: OwnPostgresql
beforeAll(async () => {
  server = await ownPostgresql()
})
afterAll(() => server?.remove())

storeContract('PostgreSQL', async () => {
  const masterKey = aMasterKey()
  return {
    open: () => openStore({ url: server.url, masterKey, serve: true }),
    everything: () => everyRow(server),
    close: async () => {},
  }
})

async function everyRow({ query }: OwnPostgresql): Promise<string> {
  const tables = await query("select tablename from pg_tables where schemaname = 'rolecall'")
  const rows = tables.map(({ tablename }) => query(`select t::text as row from rolecall.${tablename} t`))
  return (await Promise.all(rows))
    .flat()
    .map(({ row }) => row)
    .join('\n')
}
