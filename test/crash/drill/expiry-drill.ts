import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logsIn } from '../../support/logins.ts'
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
} from './drill.ts'
import { type Kill, type Pass, tellReport } from './report.ts'

const PASSWORD = 'until its time is over'
const TITLE = 'a login whose time is over'

/** Nobody waits for an end: the clocks of the store and of the server jump over it. */
const VALID_FOR = 'PT1H'
const AHEAD_MS = 2 * 3_600_000

/** The worker looks once a second, and its commits are points as well. */
const TICKS = 8

export interface ExpiryDrillWish {
  readonly part: string
  readonly start: () => Promise<Drilled>
  /** `npm test` kills at every so many points. */
  readonly every: number
}

interface Ground extends Drilled {
  readonly part: string
  readonly template: Template
}

/** Kills while a login goes at its end, and nobody asks for it again: the next start finishes what was begun. */
export function expiryDrill({ part, start, every }: ExpiryDrillWish): void {
  let ground: Ground
  const passes: Pass[] = []

  beforeAll(async () => {
    const drilled = await start()
    ground = { ...drilled, part, template: await makeTemplate(drilled.server, drilled.flags) }
  })
  afterAll(async () => {
    if (!ground) return
    tellReport({ server: ground.server.name, passes, wanted: 1 })
    ground.template[Symbol.dispose]()
    await ground.sight.close()
  })

  test('killed at any statement or commit while a login expires: the next start finishes it', {
    timeout: 1_200_000,
  }, async () => {
    using whole = copyOf(ground.template)
    const { passed } = (await runChild(drillOf(ground, whole.folder, 0)))!
    const points = pointsOf(passed.length - TICKS, every)
    const kills: Kill[] = []
    await forEachPoint(points, async at => {
      const kill = await killAndCheck(ground, at, passed[at - 1]!)
      if (kill) kills.push(kill)
    })
    console.info(`${TITLE}: killed at ${kills.length} of ${passed.length} points`)
    expect(kills.length).toBeGreaterThan(points.length / 2)
    passes.push({ title: TITLE, kills })
  })
}

const nameFor = ({ part }: Ground, at: number) => `crash_${part}_${at}_end`

function drillOf(ground: Ground, folder: string, at: number) {
  const url = `/instances/${ground.template.instance}`
  const body = { name: nameFor(ground, at), password: PASSWORD, validFor: VALID_FOR }
  return {
    template: ground.template,
    folder,
    setUp: [{ method: 'POST', url: `${url}/users`, body }] satisfies Request[],
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
  const name = nameFor(ground, at)
  await checkGone(ground, after, name, `killed ${point} (${at})`)
  return {
    at,
    point: point.replaceAll(nameFor(ground, 0), 'NAME'),
    found: 'gone after the next start, its operation settled',
    repeat: 'not sent: nobody asked',
  }
}

async function checkGone(ground: Ground, { ask }: AfterRestart, name: string, where: string): Promise<void> {
  const { server, sight, template } = ground
  await untilGone(() => ask({ method: 'GET', url: `/instances/${template.instance}/users/${name}` }))
  expect(await sight.roles(name), where).toBe(0)
  expect(await logsIn(server, name, PASSWORD), where).toBe(false)
  const { items } = await ask({ method: 'GET', url: `/projects/${template.project}/operations` })
  const drops = (items as { kind: string; state: string }[]).filter(({ kind }) => kind === 'drop-user')
  expect(
    drops.map(({ state }) => state),
    where,
  ).toContain('settled')
}

async function untilGone(look: () => Promise<{ readonly status: number }>): Promise<void> {
  for (const end = Date.now() + 20_000; (await look()).status !== 404 && Date.now() < end; ) await sleep(50)
}
