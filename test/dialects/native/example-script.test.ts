import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { aRunningApp } from '../../support/app.ts'
import { originOf } from '../../support/atlas/clients.ts'
import { postgresqlServer } from '../../support/servers.ts'

const SCRIPT = join(import.meta.dirname, '..', '..', '..', 'examples', 'native.sh')

test('examples/native.sh runs to its end, tells no secret, and leaves nothing behind', async () => {
  await using running = await aRunningApp()
  const { instance: INSTANCE } = await running.connect(await postgresqlServer())
  const { privateKey: KEY } = running.key
  const env = { PATH: process.env.PATH, ROLECALL: originOf(running), KEY, INSTANCE }
  const { stdout, stderr } = await promisify(execFile)('sh', [SCRIPT], { env })
  expect(stderr).toBe('')
  expect(stdout).not.toContain(KEY)
  const lines = stdout.trimEnd().split('\n')
  expect(lines).toHaveLength(9)
  expect(lines.filter(line => !line.startsWith('ok  '))).toEqual([])
  const name = /login (example_\d+)/.exec(stdout)![1]!
  expect((await running.native('GET', `/instances/${INSTANCE}/users/${name}`)).status).toBe(404)
  expect((await running.native('GET', `/instances/${INSTANCE}/databases/${name}`)).status).toBe(404)
})
