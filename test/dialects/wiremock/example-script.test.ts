import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { postgresqlServer } from '../../support/servers.ts'
import { aWiremock } from './wiremock.ts'

const SCRIPT = fileURLToPath(new URL('../../../examples/wiremock.sh', import.meta.url))

test('examples/wiremock.sh runs to its end, and tells no secret', async () => {
  await using wiremock = await aWiremock()
  const { running } = wiremock
  const { host, port, database, username, password } = await postgresqlServer()
  const { port: own } = running.app.http.server.address() as { port: number }
  const server = { PGHOST: host, PGPORT: String(port), PGDATABASE: database, PGUSER: username, PGPASSWORD: password }
  const env = { PATH: process.env.PATH, ROLECALL: `http://127.0.0.1:${own}`, KEY: running.key.privateKey, ...server }
  const { stdout, stderr } = await promisify(execFile)(SCRIPT, { env })
  expect(stderr).toBe('')
  // As typed in, as stored, and as the row remembers it.
  expect(stdout.match(/"outcome":"SUCCESS"/g)).toHaveLength(3)
  expect(stdout.trimEnd().endsWith('204')).toBe(true)
  expect(stdout).not.toContain(password)
  expect(stdout).not.toContain(running.key.privateKey)
})
