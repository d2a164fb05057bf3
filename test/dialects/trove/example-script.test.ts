import { execFile } from 'node:child_process'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { postgresqlServer } from '../../support/servers.ts'
import { aTrove } from './trove.ts'

const SCRIPT = fileURLToPath(new URL('../../../examples/trove.sh', import.meta.url))

test('examples/trove.sh runs to its end, and tells no secret', async () => {
  await using trove = await aTrove()
  const { running } = trove
  await trove.manage(await postgresqlServer(), { instanceName: 'tour' })
  const { port } = running.app.http.server.address() as AddressInfo
  const own = { ROLECALL: `http://127.0.0.1:${port}`, KEY: running.key.privateKey, INSTANCE: 'tour' }
  const { stdout, stderr } = await promisify(execFile)(SCRIPT, { env: { PATH: process.env.PATH, ...own } })
  expect(stderr).toBe('')
  expect(stdout.match(/^202$/gm)).toHaveLength(7)
  expect(stdout).toMatch(/<user host="%" name="tour\d+" xmlns=/)
  expect(stdout).toMatch(/"badRequest": \{"code": 400, "message": "A user with the name \\?"tour\d+b/)
  expect(stdout).not.toContain(running.key.privateKey)
  expect(stdout).not.toContain('rct-')
})
