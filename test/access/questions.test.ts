import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Store, Tables } from '../../src/store/store.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { anotherProject, aPerson, type Person } from '../support/people.ts'
import { NEEDS } from './needs.ts'
import { askRoute } from './requests.ts'
import { inProject, missingThings, type Things, thingsOf } from './things.ts'

/** What a refusal costs is what it asks the store: who measures time learns no more from it than from the words. */
let rolecall: RunningApp
let stranger: Person
let viewer: Person
const asked: string[] = []

beforeAll(async () => {
  rolecall = await aRunningApp({
    flags: { '--limits-rate-per-minute': '1000000' },
    parts: real => ({ ...real, store: { ...real.store, read: listening(real.store.read) } satisfies Store }),
  })
  const { store } = rolecall.app
  stranger = await aPerson(store, await anotherProject(store), 'owner')
  viewer = await aPerson(store, rolecall.project, 'viewer')
})
afterAll(() => rolecall?.[Symbol.asyncDispose]())

/** The same tables, writing down what they are asked. */
function listening(tables: Tables): Tables {
  const heard = Object.entries(tables).map(([table, methods]) => {
    if (typeof methods === 'function') return [table, methods]
    const loud = Object.entries(methods as Record<string, (...values: unknown[]) => unknown>).map(([name, ask]) => [
      name,
      (...values: unknown[]) => {
        asked.push(`${table}.${name}`)
        return ask(...values)
      },
    ])
    return [table, Object.fromEntries(loud)]
  })
  return Object.fromEntries(heard) as Tables
}

async function questionsOf(route: string, things: Things, key: string): Promise<readonly string[]> {
  await askRoute(rolecall.app, route, NEEDS[route]!, things, key)
  asked.length = 0
  await askRoute(rolecall.app, route, NEEDS[route]!, things, key)
  // The workers look around all the time.
  return asked.filter(one => !/^(operations\.claim|expiries\.waitingInstances)/.test(one)).toSorted()
}

const naming = Object.keys(NEEDS).filter(route => route.includes('/:') && NEEDS[route]!.right !== 'key')
const hideable = naming.filter(route =>
  /:(connection|instance|instanceId|operation|databaseConnectionId|dataSourceId|entityId)\b/.test(route),
)

describe('a refusal asks the store the same', () => {
  test.each(naming)('of what is another project’s as of what is not there: %s', async route => {
    const things = await thingsOf(rolecall.app.store, rolecall.project)
    const there = await questionsOf(route, things, stranger.key)
    expect(there).toContain('keys.match')
    expect(there).toEqual(await questionsOf(route, missingThings(), stranger.key))
  })
  test.each(hideable)('of what is hidden as of what is not there: %s', async route => {
    const things = await thingsOf(rolecall.app.store, rolecall.project, false)
    const missing = { ...missingThings(), ...inProject(rolecall.project) }
    const there = await questionsOf(route, things, viewer.key)
    expect(there).toEqual(await questionsOf(route, missing, viewer.key))
  })
})
