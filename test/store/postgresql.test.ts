import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { openStore } from '../../src/store/open.ts'
import { storeContract } from '../contract/store.ts'
import { postgresqlServer } from '../support/servers.ts'
import { aMasterKey } from './builders.ts'
import { inDatabase, query } from './postgresql-server.ts'

storeContract('PostgreSQL', async () => {
  const { host, port, username, password, database, log } = await postgresqlServer()
  const server = `postgres://${username}:${encodeURIComponent(password)}@${host}:${port}/${database}`
  const name = `store_${randomBytes(4).toString('hex')}`
  await query(server, `create database ${name}`)
  const url = inDatabase(server, name)
  const masterKey = aMasterKey()
  return {
    open: () => openStore({ url, masterKey, serve: true }),
    // The server's log holds every statement that it was sent, with its values.
    everything: async () => `${await everyRow(url)}\n${log ? readFileSync(log, 'utf8') : ''}`,
    close: async () => void (await query(server, `drop database ${name} with (force)`)),
  }
})

async function everyRow(url: string): Promise<string> {
  const tables = await query(url, "select tablename from pg_tables where schemaname = 'rolecall'")
  const rows = tables.map(({ tablename }) => query(url, `select t::text as row from rolecall.${tablename} t`))
  return (await Promise.all(rows))
    .flat()
    .map(({ row }) => row)
    .join('\n')
}
