import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import { postgresqlServer } from '../../support/servers.ts'
import { inDatabase, query } from '../postgresql-server.ts'

const undo: (() => unknown)[] = []
afterAll(async () => {
  for (const one of undo.reverse()) await one()
})

/** An empty database of the shared server; gone when the file's tests are. */
export async function aDatabase(): Promise<string> {
  const { host, port, username, password, database } = await postgresqlServer()
  const server = `postgres://${username}:${encodeURIComponent(password)}@${host}:${port}/${database}`
  const name = `keeping_${randomBytes(4).toString('hex')}`
  await query(server, `create database ${name}`)
  undo.push(() => query(server, `drop database ${name} with (force)`))
  return inDatabase(server, name)
}

export function aFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'rolecall-keeping-'))
  undo.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
