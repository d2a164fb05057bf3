import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Parts } from '../../../../src/app.ts'
import { dialWithMongodb } from '../../../../src/engines/mongodb/link/dial.ts'
import type { Dial, Document } from '../../../../src/engines/mongodb/link/session.ts'
import { createEngines } from '../../../../src/engines/registry.ts'
import { adminOf, aUser, type Cluster, type Ground, twoClusters, until, userPath, usersPath } from './ground.ts'

/** Logins that others made: on both clusters, and on one alone. */
const SHARED = 220
const ALONE = 30
/** What is read of a server before it is known to have more, and one row more to know it. */
const FIRST_LOOK = 101

let ground: Ground
/** Whole rows of logins, and questions, that servers answered. */
const heard = { rows: 0, questions: 0, names: new Set<string>() }
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)

/** Dials as ever, and counts. */
const counting: Dial = async (config, until) => {
  const real = await dialWithMongodb(config, until)
  return {
    get broken() {
      return real.broken
    },
    close: () => real.close(),
    command: async (database, command) => {
      const answer = await real.command(database, command)
      if (command.find === 'system.users' || 'usersInfo' in command) {
        heard.questions++
        const whole = rowsIn(answer).filter(({ mechanisms }) => mechanisms)
        heard.rows += whole.length
        for (const { user } of whole) heard.names.add(user)
      }
      return answer
    },
  }
}
const countingParts = (real: Parts): Parts => ({ ...real, engines: createEngines({ dialMongodb: counting }) })
const rowsIn = ({ cursor, users }: Document): readonly Document[] => cursor?.firstBatch ?? users

const number = (n: number) => String(n).padStart(3, '0')
const shared = Array.from({ length: SHARED }, (_, n) => `s${number(n)}`)
const ODD = ['a', 'a b', 'a!b', 'a"', 'Ab', 'z\uffee', 'z🐘']
const others = {
  east: [...shared, ...Array.from({ length: ALONE }, (_, n) => `e${number(n)}`)],
  west: [...shared, ...Array.from({ length: ALONE }, (_, n) => `w${number(n)}`), ...ODD],
}

const read = (db: string) => ({ role: 'read', db })

async function fill(cluster: Cluster, names: readonly string[], roles: readonly object[]): Promise<void> {
  await using admin = await adminOf(cluster)
  for (const name of names) await admin.db('admin').command({ createUser: name, pwd: 'made-by-others', roles })
}

beforeAll(async () => {
  ground = await twoClusters({ parts: countingParts })
  await Promise.all([
    fill(ground.east, others.east, [read('shop'), read('east')]),
    fill(ground.west, others.west, [read('west'), read('shop')]),
  ])
  for (const name of ['zoe', 'own', 'adam'])
    expect((await v1('POST', usersPath, { body: aUser(name) })).status).toBe(201)
}, 180_000)
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

interface Listed {
  readonly username: string
  readonly databaseName: string
}
const names = (body: { readonly results: readonly Listed[] }) => body.results.map(({ username }) => username)
const page = (pageNum: number, itemsPerPage: number) =>
  v1('GET', `${usersPath}?pageNum=${pageNum}&itemsPerPage=${itemsPerPage}`)
const byBytes = (one: string, other: string) => Buffer.compare(Buffer.from(one), Buffer.from(other))
const foundOn = (...some: readonly (readonly string[])[]) => [...new Set(some.flat())].toSorted(byBytes)

test('pages of many users are cut of one list: the project’s own, then the others by the code points of their names', async () => {
  const all: string[] = []
  const total = 3 + SHARED + 2 * ALONE + ODD.length
  for (let n = 1; all.length < total; n++) {
    const { body } = await page(n, 60)
    expect(body.totalCount).toBe(total)
    expect(body.results.length).toBe(Math.min(60, total - all.length))
    all.push(...names(body))
  }
  expect(all).toEqual(['zoe', 'own', 'adam', ...foundOn(others.east, others.west)])
}, 60_000)

test('of a server with many logins whole rows are read for the page alone', async () => {
  heard.rows = 0
  const { body } = await page(5, 20)
  expect(body.results).toHaveLength(20)
  expect(heard.rows).toBeGreaterThanOrEqual(20)
  expect(heard.rows).toBeLessThanOrEqual(2 * (FIRST_LOOK + 20))
})

test('a user in the depth of the list has what it has on every one of its clusters', async () => {
  const { body } = await page(2, 100)
  const of = (username: string) => body.results.find((one: Listed) => one.username === username)
  expect(of('s100')).toMatchObject({ roles: [{ databaseName: 'shop', roleName: 'read' }], scopes: [] })
  expect(of('s100')).toEqual((await v1('GET', userPath('s100'))).body)
  const west = (await page(4, 80)).body.results.find((one: Listed) => one.username === 'w000')
  expect(west).toEqual((await v1('GET', userPath('w000'))).body)
  expect(west).toMatchObject({ scopes: [{ name: 'west', type: 'CLUSTER' }] })
})

test('one that others dropped and made anew is one of theirs, in its place among them', async () => {
  for (const cluster of [ground.east, ground.west]) {
    await using admin = await adminOf(cluster)
    await admin.db('admin').command({ dropUser: 'own' })
    await admin.db('admin').command({ createUser: 'own', pwd: 'made-by-others', roles: [read('shop')] })
  }
  const { body } = await page(1, 500)
  expect(names(body)).toEqual(['zoe', 'adam', ...foundOn(others.east, others.west, ['own'])])
  expect(body.totalCount).toBe(body.results.length)
  const own = body.results.find((one: Listed) => one.username === 'own')
  expect(own).toMatchObject({ roles: [{ databaseName: 'shop', roleName: 'read' }], scopes: [] })
})

test('callers who list at once share what is asked', async () => {
  heard.questions = 0
  await page(3, 30)
  const alone = heard.questions
  heard.questions = 0
  const answers = await Promise.all(Array.from({ length: 12 }, () => page(3, 30)))
  expect(heard.questions).toBeLessThan(4 * alone)
  for (const { body } of answers) expect(names(body)).toEqual(names(answers[0]!.body))
})

test.each([
  ['while its keys are read', 'elemMatch'],
  ['while its rows are read', 'usersInfo'],
])(
  'a cluster that goes away %s is told as away, and none of its users half',
  async (_when, words) => {
    ground.west.door.behaveAt(words, 'cut')
    const { status, headers, body } = await page(3, 100)
    expect([status, headers['rolecall-unreachable']]).toEqual([200, 'west'])
    const all = ['zoe', 'adam', ...foundOn(others.east, ['own'])]
    expect(names(body)).toEqual(all.slice(200, 300))
    expect(body.totalCount).toBe(all.length)
    await ground.west.door.comeBack()
    const healed = async () => (await page(1, 1)).headers['rolecall-unreachable'] === undefined
    await expect.poll(healed, { timeout: 20_000, interval: 200 }).toBe(true)
  },
  60_000,
)

test('whoever looks after roles that others changed reads no rows but those of the project’s own users', async () => {
  await using own = await twoClusters({ parts: countingParts, flags: { '--atlas-drift': 'revert' } })
  const [first, second] = [own.east, own.west]
  await fill(first, ['theirs_1', 'theirs_2'], [read('shop')])
  for (const name of ['drifted', 'other'])
    expect((await own.atlas.v1('POST', usersPath, { body: aUser(name) })).status).toBe(201)
  heard.names.clear()
  await using admin = await adminOf(second)
  const rolesOf = async (name: string): Promise<readonly { role: string }[]> =>
    (await admin.db('admin').command({ usersInfo: name })).users[0].roles
  const isSetBack = (roles: readonly { role: string }[]) => !roles.some(({ role }) => role === 'read')
  for (const name of ['drifted', 'other']) {
    await admin.db('admin').command({ grantRolesToUser: name, roles: [read('vault')] })
    expect(isSetBack(await until(() => rolesOf(name), isSetBack))).toBe(true)
  }
  expect([...heard.names].toSorted()).toEqual(['drifted', 'other'])
}, 120_000)
