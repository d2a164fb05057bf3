import { describe, expect, test } from 'vitest'
import type { Fault } from '../../../src/domain/fault.ts'
import { BUILT_IN_POLICY } from '../../../src/domain/servers/policy.ts'
import { clocksAgree, durationMs } from '../../../src/domain/users/expiry.ts'
import { endStatements } from '../../../src/engines/postgresql/users/end.ts'
import { endOfNew, newEnd } from '../../../src/services/users/ends.ts'

const NOW = Date.UTC(2031, 0, 1)
const HOUR = 3_600_000
const DAY = 24 * HOUR
const ANY = BUILT_IN_POLICY
const TEN_DAYS = { ...BUILT_IN_POLICY, maxLifeDays: 10 }

const DURATIONS: readonly (readonly [text: string, ms: number | undefined])[] = [
  ['P30D', 30 * DAY],
  ['P2W', 14 * DAY],
  ['PT12H', 12 * HOUR],
  ['PT90M', 90 * 60_000],
  ['PT5S', 5_000],
  ['P1DT2H3M4S', DAY + 2 * HOUR + 184_000],
  ['PT0S', 0],
  ...['', 'P', 'PT', 'P1DT', 'P1M', 'P1Y', 'P-1D', '30D', 'p30d', 'P1.5D', 'PT1H30', ' P1D'].map(
    text => [text, undefined] as const,
  ),
]

test.each(DURATIONS)('%j is a duration of %s ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

describe('the end of a login', () => {
  test.each([
    ['nothing asked, nothing said by policy', undefined, ANY, undefined],
    ['nothing asked: the longest life', undefined, TEN_DAYS, NOW + 10 * DAY],
    ['a moment', { until: NOW + 1 }, ANY, NOW + 1],
    ['a while', { afterMs: DAY }, ANY, NOW + DAY],
    ['as long as policy lets it be', { afterMs: 10 * DAY }, TEN_DAYS, NOW + 10 * DAY],
  ])('of a new one: %s', (_what, asked, policy, until) => {
    expect(endOfNew(asked, policy, NOW)).toBe(until)
  })

  test.each([
    ['now', { until: NOW }, ANY, 'future'],
    ['the past', { until: NOW - DAY }, ANY, 'future'],
    ['no time at all', { until: Number.NaN }, ANY, 'future'],
    ['year 10000', { until: Date.UTC(10_000, 0) }, ANY, '10000'],
    ['later than policy wants', { until: NOW + 10 * DAY + 1 }, TEN_DAYS, '10 days'],
    ['none at all, where policy wants one', null, TEN_DAYS, '10 days'],
  ])('is not %s', (_what, asked, policy, words) => {
    const refused = (() => {
      try {
        return newEnd(asked, undefined, policy, NOW)
      } catch (error) {
        return error as Fault
      }
    })()
    expect(refused).toMatchObject({ code: 'invalid', details: { violations: [{ pointer: '/validUntil' }] } })
    expect(JSON.stringify((refused as Fault).details.violations)).toContain(words)
  })

  test('remembers which end was ours before', () => {
    expect(newEnd(null, 5, ANY, NOW)).toEqual({ before: 5 })
    expect(newEnd({ until: NOW + 1 }, 5, ANY, NOW)).toEqual({ until: NOW + 1, before: 5 })
  })
})

test.each([
  ['the same', NOW, true],
  ['five minutes behind', NOW - 300_000, true],
  ['five minutes ahead', NOW + 300_000, true],
  ['more behind', NOW - 300_001, false],
  ['more ahead', NOW + 300_001, false],
  ['a day ahead', NOW + DAY, false],
])('a clock that is %s', (_what, engine, agrees) => {
  expect(clocksAgree(NOW, engine)).toBe(agrees)
})

describe("PostgreSQL's own switch", () => {
  const set = (at: number) => [`alter role "ada" valid until '${new Date(at).toISOString()}'`]
  const never = [`alter role "ada" valid until 'infinity'`]
  test.each([
    ['no change of the end', null, undefined, []],
    ['none yet: set', null, { until: NOW }, set(NOW)],
    ['there already: left', NOW, { until: NOW }, []],
    ['ours: moved later', NOW, { until: NOW + DAY, before: NOW }, set(NOW + DAY)],
    ['ours: moved earlier', NOW, { until: NOW - DAY, before: NOW }, set(NOW - DAY)],
    [
      'ours, read with a fraction of a millisecond: moved',
      NOW + 0.0004,
      { until: NOW + DAY, before: NOW },
      set(NOW + DAY),
    ],
    ['ours: taken away', NOW, { before: NOW }, never],
    ["somebody else's, earlier: left", NOW, { until: NOW + DAY }, []],
    ["somebody else's, later: brought forward", NOW + DAY, { until: NOW }, set(NOW)],
    ["somebody else's, ours goes: left", NOW, { before: NOW + DAY }, []],
    ['none there, none wanted', null, { before: NOW }, []],
  ])('%s', (_what, passwordUntil, end, statements) => {
    expect(endStatements({ name: 'ada', passwordUntil }, end).map(({ shown }) => shown)).toEqual(statements)
  })
})
