import { randomBytes } from 'node:crypto'
import { engineClient } from './logins.ts'
import { postgresqlServer } from './servers.ts'

/** A database for the store of one test file; the server goes with the run, and takes it along. */
export async function aDatabase(): Promise<string> {
  const server = await postgresqlServer()
  const name = `store_${randomBytes(4).toString('hex')}`
  const client = await engineClient(server)
  await client.query(`create database ${name}`)
  await client.end()
  return `postgres://${server.username}:${server.password}@${server.host}:${server.port}/${name}`
}
