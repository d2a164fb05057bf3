import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Drilled } from './crash-drill.ts'
import {
  type AfterRestart,
  copyOf,
  forEachPoint,
  makeTemplate,
  pointsOf,
  type Request,
  restart,
  runChild,
  type Template,
  TICKS,
} from './drill.ts'
import { type Kill, type Pass, tellReport } from './report.ts'

/** Nobody waits for an end: the clocks of the store and of the server jump over it. */
const VALID_FOR = 'PT1H'
const AHEAD_MS = 2 * 3_600_000

const PASSWORD = 'until the time of all is over'

export interface ExpiryDrillWish {
  readonly part: string
  readonly start: () => Promise<Drilled>
  readonly title: string
  /** So many logins are due at the same moment. */
  readonly logins: number
  /** `npm test` kills at every so many points. */
  readonly every: number
}

interface Ground extends Drilled, Pick<ExpiryDrillWish, 'part' | 'logins'> {
  readonly template: Template
}

/** Kills while logins go at their end, and nobody asks for it again: the next start finishes what was begun, and begins the rest. */
export function expiryDrill({ part, start, title, logins, every }: ExpiryDrillWish): void {
  let ground: Ground
  const passes: Pass[] = []

  beforeAll(async () => {
    const drilled = await start()
    ground = { ...drilled, part, logins, template: await makeTemplate(drilled.server, drilled.flags) }
  })
  afterAll(async () => {
    if (!ground) return
    tellReport({ server: ground.server.name, passes, wanted: 1 })
    ground.template[Symbol.dispose]()
    await ground.sight.close()
  })

  test(`killed at any statement or commit of: ${title}; the next start lets none of them stay`, {
    timeout: 3_600_000,
  }, async () => {
    using whole = copyOf(ground.template)
    const { passed } = (await runChild(drillOf(ground, whole.folder, 0)))!
    const points = pointsOf(passed.length, every)
    const kills: Kill[] = []
    await forEachPoint(points, async at => {
      const kill = await killAndCheck(ground, at, passed[at - 1]!)
      if (kill) kills.push(kill)
    })
    console.info(`${title}: killed at ${kills.length} of ${passed.length} points`)
    expect(kills.length).toBeGreaterThan(Math.max(points.length - TICKS, points.length / 2 - 1))
    passes.push({ title, kills })
  })
}

const namesFor = ({ part, logins }: Ground, at: number) =>
  Array.from({ length: logins }, (_, n) => `crash_${part}_${at}_${n}_end`)

function drillOf(ground: Ground, folder: string, at: number) {
  const url = `/instances/${ground.template.instance}`
  const setUp = namesFor(ground, at).map((name): Request => {
    return { method: 'POST', url: `${url}/users`, body: { name, password: PASSWORD, validFor: VALID_FOR } }
  })
  return {
    template: ground.template,
    folder,
    setUp,
    request: { method: 'GET', url } satisfies Request,
    killAt: at || Number.MAX_SAFE_INTEGER,
    aheadMs: AHEAD_MS,
    untilNoEnds: ground.template.instance,
  }
}

/** Undefined: it never came to that point. */
async function killAndCheck(ground: Ground, at: number, point: string): Promise<Kill | undefined> {
  using copy = copyOf(ground.template)
  if (await runChild(drillOf(ground, copy.folder, at))) return
  await using after = await restart(copy.folder, ground.template, AHEAD_MS)
  const where = `killed ${point} (${at})`
  await checkGone(ground, after, namesFor(ground, at), where)
  await checkLedger(ground, after, where)
  return {
    at,
    point: point.replaceAll(/crash_\w+_end/g, 'NAME'),
    found: 'gone after the next start, its operation settled',
    repeat: 'not sent: nobody asked',
  }
}

async function checkGone(
  { sight, template }: Ground,
  { ask }: AfterRestart,
  names: readonly string[],
  where: string,
): Promise<void> {
  for (const name of names) {
    const look = () => ask({ method: 'GET', url: `/instances/${template.instance}/users/${name}` })
    await expect.poll(async () => (await look()).status, { timeout: 30_000, interval: 50 }).toBe(404)
    expect(await sight.roles(name), where).toBe(0)
  }
}

/** Each login was dropped by an operation that the ledger knows, and none is left open. */
async function checkLedger({ template, logins }: Ground, { ask }: AfterRestart, where: string): Promise<void> {
  type Shown = { kind: string; state: string; targets: { subject: string }[] }
  const operations = async () =>
    (await ask({ method: 'GET', url: `/projects/${template.project}/operations?limit=200` })).items as Shown[]
  await expect
    .poll(async () => (await operations()).filter(({ state }) => state === 'open'), { timeout: 10_000 })
    .toEqual([])
  const drops = (await operations()).filter(({ kind, state }) => kind === 'drop-user' && state === 'settled')
  expect(new Set(drops.flatMap(({ targets }) => targets.map(({ subject }) => subject))).size, where).toBe(logins)
}
