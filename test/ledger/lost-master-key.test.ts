import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type pg from 'pg'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { resetMasterKey } from '../../src/store/keeping/master-key/master-key-reset.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { engineClient, logsIn } from '../support/logins.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'
import { hungUp, trouble } from '../support/troubled.ts'

const flags = { '--credentials-allow': 'env:LOST_KEY_PASSWORD' }
let server: TestServer
let engine: pg.Client

beforeAll(async () => {
  server = await postgresqlServer()
  process.env.LOST_KEY_PASSWORD = server.password
  engine = await engineClient(server)
})
afterAll(async () => {
  await engine?.query('drop role if exists lost_key_ada, lost_key_bea')
  await engine?.end()
  delete process.env.LOST_KEY_PASSWORD
})

const newest = async ({ app, project }: RunningApp) =>
  (await app.store.read.operations.list({ projectId: project }, { limit: 1 })).items[0]!

/** The server does what it is asked for, and Rolecall is stopped before it has noted that. */
async function interrupted(folder: string, path: string, body: object): Promise<RunningApp['key']> {
  const mine = trouble()
  await using rolecall = await aRunningApp({ folder, flags, parts: mine.parts })
  const more = { password: undefined, credential: 'env:LOST_KEY_PASSWORD' }
  const users = `/instances/${(await rolecall.connect(server, more)).instance}/users`
  if (path !== '') expect((await rolecall.native('POST', users, { body: { name: 'lost_key_bea' } })).status).toBe(201)
  mine.around = async (step, run) => {
    await run(step)
    mine.away = true
    throw hungUp()
  }
  expect((await rolecall.native('POST', `${users}${path}`, { body })).status).toBe(503)
  return rolecall.key
}

/** Answers the key that is lost. */
async function loseKey(folder: string): Promise<string> {
  const lost = readFileSync(join(folder, 'master.key'), 'utf8').trim()
  rmSync(join(folder, 'master.key'))
  await resetMasterKey({ folder }, { folder, env: {} })
  return lost
}

test.each([
  ['made', 'lost_key_ada', '', { name: 'lost_key_ada' }],
  ['reset', 'lost_key_bea', '/lost_key_bea/reset', {}],
])(
  'the password of a login that was %s, sealed under a master key that is lost, waits for that key to be found',
  async (...[_done, name, path, body]) => {
    const folder = mkdtempSync(join(tmpdir(), 'rolecall-lost-key-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const key = await interrupted(folder, path, body)
    const lost = await loseKey(folder)
    {
      await using rolecall = await aRunningApp({ folder, flags, key })
      const shown = async () => {
        const { state, lastFault } = await newest(rolecall)
        return state === 'open' ? lastFault?.message : state
      }
      await expect.poll(shown, { timeout: 20_000 }).toMatch(/not in the ring|settled|undone/)
      expect(await shown()).toContain('not in the ring')
    }
    appendFileSync(join(folder, 'master.key'), `${lost}\n`)
    await using rolecall = await aRunningApp({ folder, flags, key })
    await expect.poll(async () => (await newest(rolecall)).state, { timeout: 20_000 }).toBe('settled')
    const { id } = await newest(rolecall)
    const [outcome] = (await rolecall.app.store.read.operations.outcomes(id))!
    expect(await logsIn(server, name, outcome!.password!.reveal())).toBe(true)
  },
)
