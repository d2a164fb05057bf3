import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../support/servers.ts'
import {
  type Aftermath,
  checkAnswer,
  checkWhole,
  type Ground,
  keyed,
  lookAt,
  repeatKeyed,
  repeatPlain,
} from './aftermath.ts'
import { repeatAsClient } from './client-retry.ts'
import { digitaloceanScenes, IN_DIGITALOCEANS_WORDS } from './digitalocean-scenes.ts'
import {
  type AfterRestart,
  copyOf,
  forEachPoint,
  makeTemplate,
  type Ran,
  restart,
  runAsked,
  runChild,
  type Survivor,
} from './drill.ts'
import type { EngineSight } from './engine-sight.ts'
import { type How, type Kill, writeReport } from './report.ts'
import { DATABASES, OLD_PASSWORD, type Scene, scenesOn } from './scenes.ts'

/** `npm run test:crash` kills at every point; `npm test` at every point of these, and at every few of the rest. */
const EVERYWHERE = process.env.ROLECALL_DRILL === 'all'
const ALWAYS_WHOLE = ['create a user', 'reset its password', 'drop a user']
const EVERY = 10
const FEW = 10

const ON_SERVERS = [
  ...[
    'create a user',
    'reset its password',
    'drop a user',
    'lock a user',
    'unlock a user',
    'change settings',
    'give it an end',
  ],
  ...['grant on two databases', 'create a database', 'drop a database'],
]
const NATIVE = [...ON_SERVERS, 'create a connection', 'change a connection', 'delete a connection']
const NAMES = [...NATIVE, ...IN_DIGITALOCEANS_WORDS]

/** A server to drill on, and who looks at it behind Rolecall's back. */
export interface Drilled {
  readonly server: TestServer
  readonly sight: EngineSight
}

let ground: Ground
let scenes: readonly Scene[]
const kills: Kill[] = []

/** The drill on one server; a test file has one. `page` of docs/ is what it may write. */
export function crashDrill(page: string, start: () => Promise<Drilled>): void {
  prepare(page, start)
  describeDrill(NATIVE, what => (ALWAYS_WHOLE.includes(what) ? 1 : EVERY))
  describeClients(EVERY)
}

/** The same of changes on the server alone, and at fewer points in `npm test`: what happens in the store is the other drill's. */
export function crashDrillOnServer(page: string, start: () => Promise<Drilled>): void {
  prepare(page, start)
  describeDrill(ON_SERVERS, () => 2 * EVERY)
  describeClients(2 * EVERY)
}

function prepare(page: string, start: () => Promise<Drilled>): void {
  beforeAll(async () => {
    const { server, sight } = await start()
    for (const name of DATABASES) await sight.freshDatabase(name)
    ground = { server, template: await makeTemplate(server), sight }
    const native = scenesOn(server, ground.template, ground.sight)
    scenes = [...native, ...digitaloceanScenes(native, ground.template)]
    expect(scenes.map(({ what }) => what)).toEqual(NAMES)
  })

  afterAll(async () => {
    const { server, template, sight } = ground ?? {}
    if (server?.log) expect(readFileSync(server.log, 'utf8')).not.toContain(OLD_PASSWORD)
    if (server) writeReport(kills, server.name, page)
    template?.[Symbol.dispose]()
    await sight?.close()
  })
}

function describeDrill(names: readonly string[], everyOf: (what: string) => number): void {
  describe.each(names)('killed at any statement or commit of: %s', what => {
    test('nothing is half-done, and the same request again gets what it must', { timeout: 600_000 }, () =>
      drill(what, 'without a key', everyOf(what)),
    )

    test('with an Idempotency-Key it gets the first outcome', { timeout: 600_000 }, () =>
      drill(what, 'with a key', Math.max(EVERY, everyOf(what))),
    )
  })
}

function describeClients(every: number): void {
  test.each(IN_DIGITALOCEANS_WORDS)(
    'killed at any statement or commit of %s: the client’s own retry gets an answer that is true',
    { timeout: 600_000 },
    what => drill(what, 'as a client', every),
  )
}

async function drill(what: string, how: How, every: number): Promise<void> {
  const run = { scene: scenes.find(scene => scene.what === what)!, how }
  const { passed, answer } = await survive(run)
  expect(answer.status, answer.text).toBe(run.scene.first)
  const points = pointsOf(passed.length, EVERYWHERE || passed.length < FEW ? 1 : every)
  await forEachPoint(points, at => killAndCheck(run, at, passed[at - 1]!))
  const killed = kills.filter(kill => kill.scene === what && kill.how === how).length
  console.info(`${what}, ${how}: killed at ${killed} of ${passed.length} points`)
  expect(killed).toBeGreaterThan(Math.max(points.length - TICKS, points.length / 2 - 1))
}

/** Every `every`th, the last one among them: it is where the answer has gone out. */
function pointsOf(count: number, every: number): readonly number[] {
  return Array.from({ length: count }, (_, at) => at + 1).filter(at => (count - at) % every === 0)
}

/** The worker looks once a second, and its commits are points as well: a run without them has fewer than the one that was counted. */
const TICKS = 6

interface Run {
  readonly scene: Scene
  readonly how: How
}

/** Nobody is killed: how many points are there? */
async function survive(run: Run): Promise<Survivor> {
  using copy = copyOf(ground.template)
  const name = nameFor(run, 0)
  const survivor = await runChild(drillOf(run, copy.folder, name, Number.MAX_SAFE_INTEGER))
  await ground.sight.forget(name)
  return survivor!
}

async function killAndCheck(run: Run, at: number, point: string): Promise<void> {
  using copy = copyOf(ground.template)
  const name = nameFor(run, at)
  const where = `${run.scene.what} killed ${point} (${at})`
  const { passed, answer } = await runAsked(drillOf(run, copy.folder, name, at))
  if (passed) {
    expect(passed.length, `${where} was not killed`).toBeLessThan(at)
    return ground.sight.forget(name)
  }
  await using after = await restart(copy.folder, ground.template)
  expect(after.settledAfterMs, where).toBeLessThan(10_000)
  const was = await lookAt(ground, run.scene, name, after)
  try {
    const repeat = await check(run, name, was, after, answer)
    const { how, scene } = run
    kills.push({
      scene: scene.what,
      how,
      at,
      point: point.replaceAll(nameFor(run, 0), 'NAME'),
      found: was.found,
      repeat,
    })
  } catch (error) {
    throw new Error(`${where}, found ${was.found}, operation ${JSON.stringify(was.operation)}`, { cause: error })
  }
  await ground.sight.forget(name)
}

async function check(
  { scene, how }: Run,
  name: string,
  was: Aftermath,
  after: AfterRestart,
  answered: Ran['answer'],
): Promise<string> {
  await checkWhole(ground, scene, name, was, after)
  if (how === 'as a client') return repeatAsClient(ground, scene, name, was, after, answered)
  if (how === 'with a key') return repeatKeyed(ground, scene, name, was, after)
  if (scene.password) await checkAnswer(ground, name, was, after)
  return repeatPlain(ground, scene, name, was, after)
}

function drillOf({ scene, how }: Run, folder: string, name: string, killAt: number) {
  const request = how === 'with a key' ? keyed(scene, name) : scene.request(name)
  return { folder, key: ground.template.key, setUp: scene.setUp?.(name) ?? [], request, killAt }
}

function nameFor({ scene, how }: Run, at: number): string {
  return `crash_${NAMES.indexOf(scene.what)}_${how === 'with a key' ? 'keyed_' : ''}${at}_end`
}
