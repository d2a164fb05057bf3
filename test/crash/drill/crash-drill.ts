import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TestServer } from '../../support/servers.ts'
import { type Found, type Ground, OLD_PASSWORD, type Scene, type Scenes } from '../scenes/scene.ts'
import type { EngineSight } from '../sights/postgresql.ts'
import { type Aftermath, checkAnswer, checkWhole, keyed, lookAt, repeatKeyed, repeatPlain } from './aftermath.ts'
import { repeatAsClient } from './client-retry.ts'
import {
  copyOf,
  forEachPoint,
  makeTemplate,
  pointsOf,
  type Ran,
  restart,
  runAsked,
  runChild,
  type Survivor,
  TICKS,
} from './drill.ts'
import { type Kill, type Pass, tellReport } from './report.ts'

/** A server to drill on, and who looks at it behind Rolecall's back. */
export interface Drilled {
  readonly server: TestServer
  readonly sight: EngineSight
  /** Flags of `rolecall serve` that its kind of server wants. */
  readonly flags?: Readonly<Record<string, string>>
}

/** What a test file of the drill is about: two share no `part` on one server. */
export interface DrillWish {
  /** What its names on the server begin with; a word of ASCII letters. */
  readonly part: string
  readonly start: () => Promise<Drilled>
  readonly scenes: readonly Scenes[]
  /** `npm run test:crash` kills at every point; `npm test` at every so many of a scene. Left out: `EVERY`. */
  readonly everyOf?: (what: string, isFirst: boolean) => number
}

export const EVERY = 7

/** How the same request comes again. */
type How = 'with an Idempotency-Key' | 'without an Idempotency-Key' | "the client's own retry"

interface Run {
  readonly scene: Scene
  readonly how: How
  /** What its names begin with. */
  readonly called: string
}

export function crashDrill({ part, start, scenes: lists, everyOf = () => EVERY }: DrillWish): void {
  let ground: Ground
  const passes: Pass[] = []
  const scenes = lists.flatMap(list => list(() => ground))
  const runs = scenes.flatMap((scene, at) => runsOf(scene, `crash_${part}_${at}`))

  beforeAll(async () => (ground = await makeGround(part, await start())))
  afterAll(async () => {
    if (!ground) return
    tellReport({ server: ground.server.name, passes, wanted: runs.length })
    await leave(ground)
  })

  describe.each(scenes)('killed at any statement or commit of: $what', scene => {
    test.each(runs.filter(run => run.scene === scene))(
      'nothing is half-done, and the same request again gets what it must ($how)',
      { timeout: 1_200_000 },
      async run => {
        passes.push({
          title: `${scene.what}, ${run.how}`,
          kills: await drill(ground, run, everyOf(scene.what, run.how === 'without an Idempotency-Key')),
        })
      },
    )
  })
}

function runsOf(scene: Scene, called: string): readonly Run[] {
  if (scene.asClient) return [{ scene, called, how: "the client's own retry" }]
  return [
    { scene, called, how: 'without an Idempotency-Key' },
    { scene, called: `${called}_keyed`, how: 'with an Idempotency-Key' },
  ]
}

async function makeGround(part: string, { server, sight, flags }: Drilled): Promise<Ground> {
  const databases = [`crash_${part}_orders`, `crash_${part}_billing`]
  for (const name of databases) await sight.freshDatabase(name)
  return { server, sight, databases, template: await makeTemplate(server, flags) }
}

async function leave({ server, template, sight }: Ground): Promise<void> {
  template[Symbol.dispose]()
  await sight.close()
  if (server.log) expect(readFileSync(server.log, 'utf8')).not.toContain(OLD_PASSWORD)
}

async function drill(ground: Ground, run: Run, every: number): Promise<readonly Kill[]> {
  const { passed, answer } = await survive(ground, run)
  expect(answer.status, answer.text).toBe(run.scene.first)
  const points = pointsOf(passed.length, every)
  const kills: Kill[] = []
  await forEachPoint(points, async at => {
    const kill = await killAndCheck(ground, run, at, passed[at - 1]!)
    if (kill) kills.push(kill)
  })
  console.info(`${run.scene.what}, ${run.how}: killed at ${kills.length} of ${passed.length} points`)
  expect(kills.length).toBeGreaterThan(Math.max(points.length - TICKS, points.length / 2 - 1))
  return kills
}

/** Nobody is killed: how many points are there? */
async function survive(ground: Ground, run: Run): Promise<Survivor> {
  using copy = copyOf(ground.template)
  const name = nameFor(run, 0)
  const survivor = await runChild(drillOf(ground, run, copy.folder, 0))
  await ground.sight.forget(name)
  return survivor!
}

/** Undefined: it never came to that point. */
async function killAndCheck(ground: Ground, run: Run, at: number, point: string): Promise<Kill | undefined> {
  using copy = copyOf(ground.template)
  const name = nameFor(run, at)
  const where = `${run.scene.what} killed ${point} (${at})`
  const { passed, answer } = await runAsked(drillOf(ground, run, copy.folder, at))
  if (passed) {
    expect(passed.length, `${where} was not killed`).toBeLessThan(at)
    await ground.sight.forget(name)
    return
  }
  await using after = await restart(copy.folder, ground.template)
  expect(after.settledAfterMs, where).toBeLessThan(10_000)
  const was = await lookAt(ground, run.scene, name, after)
  try {
    await checkWhole(ground, run.scene, name, was, after)
    const repeat = await repeatOf(ground, run, name, was, after, answer)
    await ground.sight.forget(name)
    return { at, point: point.replaceAll(nameFor(run, 0), 'NAME'), found: was.found satisfies Found, repeat }
  } catch (error) {
    throw new Error(`${where}, found ${was.found}, operation ${JSON.stringify(was.operation)}`, { cause: error })
  }
}

async function repeatOf(
  ground: Ground,
  { scene, how }: Run,
  name: string,
  was: Aftermath,
  after: Awaited<ReturnType<typeof restart>>,
  answered: Ran['answer'],
): Promise<string> {
  if (how === "the client's own retry") return repeatAsClient(ground, scene, name, was, after, answered)
  if (how === 'with an Idempotency-Key') return repeatKeyed(ground, scene, name, was, after)
  if (scene.password) await checkAnswer(ground, name, was, after)
  return repeatPlain(ground, scene, name, was, after)
}

function drillOf({ template }: Ground, run: Run, folder: string, at: number) {
  const { scene, how } = run
  const name = nameFor(run, at)
  const request = how === 'with an Idempotency-Key' ? keyed(scene, name) : scene.request(name)
  return { template, folder, setUp: scene.setUp?.(name) ?? [], request, killAt: at || Number.MAX_SAFE_INTEGER }
}

const nameFor = ({ called }: Run, at: number): string => `${called}_${at}_end`
