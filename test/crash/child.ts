import { setTimeout as sleep } from 'node:timers/promises'
import { createApp, realParts } from '../../src/app.ts'
import { dialWithMysql2 } from '../../src/engines/mysql/index.ts'
import { dialWithPg } from '../../src/engines/postgresql/index.ts'
import { createEngines } from '../../src/engines/registry.ts'
import { settingsFor } from '../support/app.ts'
import { type Drill, headersOf } from './drill.ts'
import { createKillPoints } from './kill-points.ts'

/**
 * A whole Rolecall, wired as src/app.ts does, but for the store and the engine's link being counted. Carries out `setUp`, arms the
 * kill, carries out `request`. If it survives it prints what it passed and answered.
 */
const drill = JSON.parse(process.argv[2] ?? '{}') as Drill
const settings = settingsFor(drill.folder)
const points = createKillPoints()
const parts = await realParts(settings)
const store = points.wrapStore(parts.store)
const engines = createEngines({
  dialPostgresql: points.wrapDial(dialWithPg),
  dialMysql: points.wrapDial(dialWithMysql2),
})
const app = await createApp(settings, { ...parts, store, engines })
const origin = await app.start()

/** Over a real socket: that the caller took the answer's last byte is a point as well. */
async function send(request: Drill['request']) {
  const { method, url, body } = request
  const headers = headersOf(drill.key, request)
  const answer = await fetch(`${origin}/rolecall/v1${url}`, { method, headers, body: JSON.stringify(body) })
  return { status: answer.status, body: await answer.text(), operation: answer.headers.get('rolecall-operation') }
}

/** What comes after an answer must not be counted as the next request's. */
async function delivered(operation: string | null): Promise<void> {
  while (operation && (await app.store.read.operations.find(operation))?.answer === 'undelivered') await sleep(5)
}

for (const request of drill.setUp) {
  const answer = await send(request)
  if (answer.status >= 300) throw new Error(`set-up failed: ${answer.status} ${answer.body}`)
  await delivered(answer.operation)
}
points.arm(drill.killAt)
const answer = await send(drill.request)
// That the answer was delivered is written after it.
await app.http.close()
process.stdout.write(`${JSON.stringify({ passed: points.passed, answer })}\n`)
process.exit(0)
