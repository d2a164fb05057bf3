import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { engineClient, logsIn } from '../support/logins.ts'
import { postgresqlServer, type TestServer } from '../support/servers.ts'
import {
  type AfterRestart,
  copyOf,
  forEachPoint,
  makeTemplate,
  type Request,
  restart,
  runChild,
  type Template,
} from './drill.ts'

/** `npm run test:crash` kills at every point; `npm test` at every few. */
const EVERY = process.env.ROLECALL_DRILL === 'all' ? 1 : 7
const PASSWORD = 'until its time is over'
/** Long enough for a child to be asked, and short enough to wait for. */
const VALID_FOR = 'PT3S'
/** The worker looks once a second, and its commits are points as well. */
const TICKS = 8

let server: TestServer
let template: Template

beforeAll(async () => {
  server = await postgresqlServer()
  template = await makeTemplate(server)
})
afterAll(() => template?.[Symbol.dispose]())

const nameFor = (at: number) => `crash_expiry_${at}_end`

function drillOf(folder: string, at: number) {
  const url = `/instances/${template.instance}/users`
  const setUp: Request[] = [
    { method: 'POST', url, body: { name: nameFor(at), password: PASSWORD, validFor: VALID_FOR } },
  ]
  const request: Request = { method: 'GET', url: `/instances/${template.instance}` }
  return {
    folder,
    key: template.key,
    setUp,
    request,
    killAt: at || Number.MAX_SAFE_INTEGER,
    untilNoEnds: template.instance,
  }
}

test('killed at any statement or commit while a login expires: the next start finishes it', {
  timeout: 900_000,
}, async () => {
  using whole = copyOf(template)
  const { passed } = (await runChild(drillOf(whole.folder, 0)))!
  const points = Array.from({ length: passed.length - TICKS }, (_, at) => at + 1).filter(at => at % EVERY === 0)
  let killed = 0
  await forEachPoint(points, async at => {
    using copy = copyOf(template)
    if (await runChild(drillOf(copy.folder, at))) return
    killed += 1
    await using after = await restart(copy.folder, template)
    await checkGone(after, nameFor(at), `killed ${passed[at - 1]} (${at})`)
  })
  console.info(`a login that expires: killed at ${killed} of ${passed.length} points`)
  expect(killed).toBeGreaterThan(points.length / 2)
})

async function checkGone({ ask }: AfterRestart, name: string, where: string): Promise<void> {
  const url = `/instances/${template.instance}/users/${name}`
  for (const end = Date.now() + 20_000; (await ask({ method: 'GET', url })).status !== 404 && Date.now() < end; )
    await sleep(100)
  const engine = await engineClient(server)
  const { rowCount } = await engine.query('select from pg_roles where rolname = $1', [name])
  await engine.end()
  expect(rowCount, where).toBe(0)
  expect(await logsIn(server, name, PASSWORD), where).toBe(false)
  const { items } = await ask({ method: 'GET', url: `/projects/${template.project}/operations` })
  const kinds = (items as { kind: string; state: string }[]).filter(({ kind }) => kind === 'drop-user')
  expect(
    kinds.map(({ state }) => state),
    where,
  ).toContain('settled')
}
