import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { originOf } from '../../support/atlas/clients.ts'
import { mongodbServers } from '../../support/servers.ts'
import { anAtlas } from './atlas.ts'

const SCRIPT = fileURLToPath(new URL('../../../examples/atlas.sh', import.meta.url))

test('examples/atlas.sh runs to its end, and tells no secret', async () => {
  await using atlas = await anAtlas()
  const { running } = atlas
  await running.connect(await mongodbServers()[0]!.start(), { instanceName: 'tour' })
  const { publicKey: PUBLIC, privateKey: KEY } = running.key
  const own = { ROLECALL: originOf(running), PUBLIC, KEY, GROUP: running.project }
  const { stdout, stderr } = await promisify(execFile)(SCRIPT, { env: { PATH: process.env.PATH, ...own } })
  expect(stderr).toBe('')
  expect(stdout.match(/"username":"tour\d+"/g)).toHaveLength(3)
  expect(stdout).toMatch(/"username" : "tour\d+"/)
  expect(stdout).toContain('"roles":[{"databaseName":"billing","roleName":"readWrite"}]')
  expect(stdout).toMatch(/^204$/m)
  expect(stdout).toMatch(/"errorCode":"USERNAME_NOT_FOUND"/)
  for (const secret of [KEY, 'Harbor']) expect(stdout).not.toContain(secret)
}, 120_000)
