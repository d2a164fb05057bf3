import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { createApp, realParts } from '../../../src/app.ts'
import { dialWithMongodb } from '../../../src/engines/mongodb/link/dial.ts'
import { dialWithMysql2 } from '../../../src/engines/mysql/index.ts'
import { dialWithPg } from '../../../src/engines/postgresql/index.ts'
import { createEngines } from '../../../src/engines/registry.ts'
import { settingsFor } from '../../support/app.ts'
import { withClocks } from '../../support/clocks.ts'
import { type Drill, send } from './drill.ts'
import { createKillPoints } from './kill-points.ts'

/**
 * A whole Rolecall, wired as src/app.ts does, but for the store and the engine's link being counted. Carries out `setUp`, arms the
 * kill, and says where it listens. If it survives until its input ends it prints what it passed.
 */
const drill = JSON.parse(process.argv[2] ?? '{}') as Drill
const settings = settingsFor(drill.folder, drill.template.flags)
const points = createKillPoints()
const parts = await realParts(settings)
const clocks = { store: 0, engine: 0 }
const store = points.wrapStore(parts.store)
const engines = createEngines({
  dialPostgresql: points.wrapDial(dialWithPg),
  dialMysql: points.wrapDial(dialWithMysql2),
  dialMongodb: points.wrapDial(dialWithMongodb),
})
const app = await createApp(settings, withClocks(clocks)({ ...parts, store, engines }))
const origin = await app.start()

/** What comes after an answer must not be counted as the next request's. */
async function delivered(operation: string | null): Promise<void> {
  while (operation && (await app.store.read.operations.find(operation))?.answer === 'undelivered') await sleep(5)
}

/** That the answer was delivered is written after it. */
async function atRest(): Promise<void> {
  for (let seen = -1; seen !== points.passed.length; ) {
    seen = points.passed.length
    await sleep(50)
  }
}

for (const request of drill.setUp) {
  const answer = await send(origin, drill.template.key, request)
  if (answer.status >= 300) throw new Error(`set-up failed: ${answer.status} ${answer.text}`)
  await delivered(answer.operation)
}
points.arm(drill.killAt)
clocks.store = clocks.engine = drill.aheadMs ?? 0
process.stdout.write(`${origin}\n`)
await once(process.stdin.resume(), 'end')
while (drill.untilNoEnds && (await app.store.read.expiries.count(drill.untilNoEnds)) > 0) await sleep(20)
await app.http.close()
await atRest()
process.stdout.write(`${JSON.stringify(points.passed)}\n`)
process.exit(0)
