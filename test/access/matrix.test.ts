import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ROLES, type Role, roleHas } from '../../src/domain/users/role.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { anotherProject, aPerson, type Person, type PersonWish } from '../support/people.ts'
import { isPublicFile, NEEDS, type Need } from './needs.ts'
import { askRoute, type Reply } from './requests.ts'
import { inProject, missingThings, type Things, thingsOf } from './things.ts'

let rolecall: RunningApp
let foreign: string
const members = new Map<Role, Person>()
const strangers = new Map<Role, Person>()
/** A good key, and no role in any project. */
let nobody: Person

beforeAll(async () => {
  rolecall = await aRunningApp({ flags: { '--limits-rate-per-minute': '1000000' } })
  const { store } = rolecall.app
  foreign = await anotherProject(store)
  for (const role of ROLES) {
    members.set(role, await aPerson(store, rolecall.project, role))
    strangers.set(role, await aPerson(store, foreign, role))
  }
  nobody = await aPerson(store, rolecall.project, 'owner')
  await store.transaction(tables => tables.members.remove(rolecall.project, nobody.id))
})
afterAll(() => rolecall?.[Symbol.asyncDispose]())

const ask = (route: string, things: Things, key: string | null) =>
  askRoute(rolecall.app, route, NEEDS[route]!, things, key)
const own = (shared = true) => thingsOf(rolecall.app.store, rolecall.project, shared)
const routes = Object.entries(NEEDS).map(([route, need]) => ({ route, need }))
const locked = routes.filter(({ need }) => need.right !== 'public')

function isAllowed(role: Role, { right }: Need): boolean {
  if (right === 'key' || right === 'member') return true
  if (right === 'public' || right === 'first' || right === 'nobody') return false
  return roleHas(role, right)
}

/** Its path names something that is not open to everybody. */
const naming = locked.filter(({ route, need }) => route.includes('/:') && need.right !== 'key')

/** What says nothing but no. One API has its own word for it. */
const refusalsOf = (route: string): readonly number[] => (route.includes(' /api/atlas/') ? [401, 403, 404] : [403, 404])

/** Told as the rights say: let through, whatever its server then says, or refused. */
function checkOutcome({ status }: Reply, role: Role, need: Need): void {
  const refusals = [401, 403, ...(need.empty ? [] : [404])]
  if (isAllowed(role, need)) expect(refusals).not.toContain(status)
  else expect(status).toBe(need.refusal ?? 403)
}

test('every route says in the table what it needs', () => {
  const { http } = rolecall.app
  const served = http.routePaths().flatMap(path => http.methodsAt(path).map(method => `${method} ${path}`))
  const real = served.filter(route => !/^(HEAD|OPTIONS) /.test(route) && !isPublicFile(route))
  expect(Object.keys(NEEDS).toSorted()).toEqual(real.toSorted())
})

describe('without a good key', () => {
  const bad: Readonly<Record<string, PersonWish>> = {
    'a revoked key': { key: { revokedAt: 1 } },
    'an expired key': { key: { expiresAt: 1 } },
    'a key of another network': { key: { networks: ['10.0.0.0/8'] } },
    'the key of a disabled operator': { operator: { disabledAt: 1 } },
  }
  const words = { 'no key': null, 'an unknown key': 'x'.repeat(40) }
  test.each([...Object.keys(words), ...Object.keys(bad)])(
    '%s opens nothing, and all of them are told the same',
    async name => {
      const wish = bad[name]
      const key = wish
        ? (await aPerson(rolecall.app.store, rolecall.project, 'owner', wish)).key
        : words[name as 'no key']
      const things = await own()
      for (const { route } of locked) {
        const [there, missing] = [await ask(route, things, key), await ask(route, missingThings(), key)]
        expect([route, there.status]).toEqual([route, 401])
        expect(there.bytes).toBe(missing.bytes)
        expect(there.bytes).toBe((await ask(route, missingThings(), null)).bytes)
      }
    },
  )
})

describe.each(ROLES)('a member: %s', role => {
  test.each(locked)('$route', async ({ route, need }) => {
    const caller = need.ends ? await aPerson(rolecall.app.store, rolecall.project, role) : members.get(role)!
    checkOutcome(await ask(route, await own(), caller.key), role, need)
  })
})

describe.each(ROLES)('%s of another project', role => {
  test.each(naming)('can not tell what is there from what is not: $route', async ({ route }) => {
    const { key } = strangers.get(role)!
    const [there, missing] = [await ask(route, await own(), key), await ask(route, missingThings(), key)]
    expect(there.bytes).toBe(missing.bytes)
    expect(refusalsOf(route)).toContain(there.status)
  })
  test('finds nothing of it in any list', async () => {
    const things = await own()
    for (const { route } of locked.filter(one => !naming.includes(one) && !one.need.ends)) {
      const { text } = await ask(route, things, strangers.get(role)!.key)
      for (const id of [rolecall.project, things.connection!, things.instance!]) expect(text).not.toContain(id)
    }
  })
})

describe('who has no role anywhere', () => {
  test.each(locked)('gets nothing: $route', async ({ route, need }) => {
    const [there, missing] = [await ask(route, await own(), nobody.key), await ask(route, missingThings(), nobody.key)]
    if (need.right === 'key') return
    expect(refusalsOf(route)).toContain(there.status)
    expect(there.bytes).toBe(missing.bytes)
  })
})

/** Things that an access list can hide, and what hangs on them. */
const HIDEABLE = /:(connection|instance|instanceId|id|operation|databaseConnectionId|dataSourceId|entityId)\b/

describe.each(['viewer', 'editor'] as const)('what access lists hide from a %s', role => {
  test.each(locked.filter(({ route }) => HIDEABLE.test(route)))('is not there: $route', async ({ route }) => {
    const { key } = members.get(role)!
    const hidden = await own(false)
    const missing = { ...missingThings(), ...inProject(rolecall.project) }
    const [there, nothing] = [await ask(route, hidden, key), await ask(route, missing, key)]
    expect(there.status).toBe(404)
    expect(there.bytes).toBe(nothing.bytes)
  })
})
