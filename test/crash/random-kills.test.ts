import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLanes, type Lanes } from '../support/lanes.ts'
import { engineClient } from '../support/logins.ts'
import { randomOf, seedOf } from '../support/random.ts'
import { postgresqlServer } from '../support/servers.ts'
import { type Founded, found, type Sent, type Serving, send, serving } from '../support/serving.ts'
import { coordinates } from './drill/drill.ts'

/** `npm run test:crash` kills a hundred times. */
const KILLS = process.env.ROLECALL_DRILL === 'all' ? 100 : 15
const NAMES = Array.from({ length: 10 }, (_, lane) => `crash_lane_${lane}_end`)
const DATABASE = 'crash_lanes'

/** However fast the machine is: after so many answers at most, and a moment more, so that every part of an operation is hit. */
const MOST_ANSWERS = 12
const MOMENT_MS = 60

let engine: pg.Client
let home: Founded
let running: Serving
let lanes: Lanes
const folder = mkdtempSync(join(tmpdir(), 'rolecall-random-kills-'))

const ask = (sent: Sent) => send(running.origin, home.privateKey, sent)

beforeAll(async () => {
  const server = await postgresqlServer()
  engine = await engineClient(server)
  await engine.query(`drop database if exists ${DATABASE} with (force)`)
  await engine.query(`create database ${DATABASE}`)
  home = await found({ folder })
  running = await serving({ folder })
  const url = `/projects/${home.project}/connections`
  const { instance } = (await ask({ method: 'POST', url, body: coordinates(server, 'random kills') })).body
  await ask({ method: 'GET', url: `/instances/${instance}/users` })
  lanes = createLanes({ names: NAMES, server, engine, home, instance, database: DATABASE, ask })
})

afterAll(async () => {
  await running?.kill()
  rmSync(folder, { recursive: true, force: true })
  await engine?.query(`drop database if exists ${DATABASE} with (force)`)
  for (const name of NAMES) await engine?.query(`drop role if exists ${name}`)
  await engine?.end()
})

test(`${KILLS} kills at random moments, with ten operations in flight, lose nothing`, {
  timeout: 900_000,
}, async () => {
  const random = randomOf(seedOf('random kills'))
  const tally = { answered: 0, cutOff: 0 }
  for (let kill = 0; kill < KILLS; kill++) {
    await loadAndKill(random, tally)
    running = await serving({ folder })
    await lanes.allEnded()
    await lanes.check()
  }
  const states = Map.groupBy(await lanes.operations(), ({ state }) => state)
  const counts = [...states].map(([state, all]) => `${all.length} ${state}`).join(', ')
  console.info(`${KILLS} kills: ${tally.answered} answered, ${tally.cutOff} cut off; operations: ${counts}`)
  expect(tally.cutOff).toBeGreaterThan(KILLS)
})

/** Ten callers ask one thing after another until the process is gone. */
async function loadAndKill(random: () => number, tally: { answered: number; cutOff: number }): Promise<void> {
  const enough = tally.answered + random() * MOST_ANSWERS
  const lane = async (name: string) => {
    while (true) {
      const answer = await ask(lanes.next(name, random)).catch(() => undefined)
      if (!answer) return tally.cutOff++
      tally.answered++
      lanes.heard(answer)
      expect([200, 201, 404, 409], answer.text).toContain(answer.status)
    }
  }
  const all = Promise.all(NAMES.map(lane))
  while (tally.answered < enough) await sleep(5)
  await sleep(random() * MOMENT_MS)
  await running.kill()
  await all
}
