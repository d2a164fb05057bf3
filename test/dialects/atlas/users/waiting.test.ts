import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { heal, refused, type Trouble, trouble } from '../../../support/troubled.ts'
import {
  adminOf,
  aUser,
  type Cluster,
  type Ground,
  loginsOn,
  logsIn,
  openTargetsOf,
  passwordOf,
  rolesOn,
  twoClusters,
  until,
  userPath,
  usersPath,
} from './ground.ts'

let ground: Ground
const mine: Trouble = trouble()
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)

beforeAll(async () => {
  // Nobody but what waits for a cluster knows a password.
  const flags = { '--atlas-partial-failure': 'eventual', '--atlas-late-join': 'ask' }
  ground = await twoClusters({ parts: mine.parts, flags })
}, 120_000)
afterEach(async () => {
  heal(mine)
  await ground.west.door.comeBack()
  for (const { username } of (await v1('GET', usersPath)).body.results) await v1('DELETE', userPath(username))
  await settled()
})
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

const make = async (name: string, more: object = {}) => {
  const made = await v1('POST', usersPath, { body: aUser(name, { ...more }) })
  expect(made.status, made.text).toBe(201)
}
const change = async (name: string, body: object) => {
  const changed = await v1('PATCH', userPath(name), { body })
  expect(changed.status, changed.text).toBe(200)
}
const gone = async (name: string) => expect((await v1('DELETE', userPath(name))).status).toBe(204)
const rolesIn = (databaseName: string) => ({ roles: [{ databaseName, roleName: 'read' }] })
const settled = async () => {
  const open = await until(
    () => openTargetsOf(ground),
    found => found.length === 0,
  )
  expect(open).toEqual([])
}

async function hadOn(cluster: Cluster, name: string): Promise<readonly string[]> {
  await using admin = await adminOf(cluster)
  const { users } = await admin.db('admin').command({ usersInfo: name })
  const roles = (users[0]?.roles ?? []) as { role: string; db: string }[]
  return roles.filter(({ role }) => !role.startsWith('rolecall')).map(({ role, db }) => `${db}.${role}`)
}

const endOn = async ({ instance }: Cluster, name: string) => {
  const { read } = ground.atlas.running.app.store
  return (await read.users.find(instance, JSON.stringify([name, '', 'admin'])))?.validUntil
}

test('an end that still waits for a cluster is not lost to a later change that says nothing of it', async () => {
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().replace(/\.\d+Z$/, 'Z')
  await make('ending', { deleteAfterDate: inDays(2) })
  await ground.west.door.refuse()
  const deleteAfterDate = inDays(3)
  await change('ending', { deleteAfterDate })
  await change('ending', rolesIn('ledgers'))
  await ground.west.door.comeBack()
  await settled()
  expect([await hadOn(ground.west, 'ending'), await endOn(ground.east, 'ending')]).toEqual([
    ['ledgers.read'],
    Date.parse(deleteAfterDate),
  ])
  expect(await endOn(ground.west, 'ending')).toBe(Date.parse(deleteAfterDate))
  await gone('ending')
}, 60_000)

test('nor is a new password', async () => {
  await make('renewed')
  await ground.west.door.refuse()
  await change('renewed', { password: 'teal-Harbor-anew' })
  await change('renewed', rolesIn('ledgers'))
  await ground.west.door.comeBack()
  await settled()
  expect(await logsIn(ground.west, 'renewed', 'teal-Harbor-anew')).toBe(true)
  await gone('renewed')
}, 60_000)

test('a user that still waits for a cluster is made there as it is by then, with its first password', async () => {
  await ground.west.door.refuse()
  await make('coming')
  await change('coming', rolesIn('ledgers'))
  await ground.west.door.comeBack()
  await settled()
  expect(await hadOn(ground.west, 'coming')).toEqual(['ledgers.read'])
  expect(await logsIn(ground.west, 'coming', passwordOf('coming'))).toBe(true)
  await gone('coming')
}, 60_000)

test.each([
  ['is what it was changed to last', false],
  ['is gone when it was deleted', true],
] as const)(
  'a user that a cluster made without a word, and that was changed twice before that came back, %s',
  async (_, isDeleted) => {
    ground.west.door.behaveAt(passwordOf('unheard'), 'swallow')
    await make('unheard')
    expect(await loginsOn(ground.west)).toEqual(['unheard'])
    await ground.west.door.refuse()
    for (const database of ['ledgers', 'billing']) await change('unheard', rolesIn(database))
    if (isDeleted) await gone('unheard')
    await ground.west.door.comeBack()
    await settled()
    expect(await hadOn(ground.west, 'unheard')).toEqual(isDeleted ? [] : ['billing.read'])
    if (!isDeleted) await gone('unheard')
    expect([await loginsOn(ground.east), await loginsOn(ground.west)]).toEqual([[], []])
    expect((await rolesOn(ground.west)).filter(role => role.startsWith('rolecall.mark'))).toEqual([])
  },
  90_000,
)

test('what waits for a cluster waits on where the change that was to take its place is refused', async () => {
  await make('kept')
  await ground.west.door.refuse()
  await change('kept', { ...rolesIn('ledgers'), password: 'teal-Harbor-kept2' })
  // Asked for the second time the other cluster will have none of it: by then the one that waits has made room.
  let looks = 0
  mine.asked = async (asked, port, ask) => {
    if (asked.kind === 'replace-user' && port === ground.east.door.port && ++looks === 2) throw refused()
    return ask()
  }
  const answer = await v1('PATCH', userPath('kept'), { body: rolesIn('billing') })
  expect(answer.status, answer.text).toBeGreaterThanOrEqual(400)
  expect(looks).toBe(2)
  heal(mine)
  await ground.west.door.comeBack()
  await settled()
  for (const cluster of [ground.east, ground.west]) expect(await hadOn(cluster, 'kept')).toEqual(['ledgers.read'])
  expect(await logsIn(ground.west, 'kept', 'teal-Harbor-kept2')).toBe(true)
  expect((await v1('GET', userPath('kept'))).body.roles).toEqual(rolesIn('ledgers').roles)
  await gone('kept')
}, 60_000)

test('a custom role that a cluster made without a word, and that was changed twice before that came back, is what it is by then', async () => {
  const roles = '/customDBRoles/roles'
  const allows = (action: string) => ({ actions: [{ action, resources: [{ db: 'billing', collection: 'orders' }] }] })
  ground.west.door.behaveAt('createRole', 'swallow')
  expect((await v1('POST', roles, { body: { roleName: 'unheard', ...allows('FIND') } })).status).toBe(202)
  await ground.west.door.refuse()
  for (const action of ['INSERT', 'REMOVE'])
    expect((await v1('PATCH', `${roles}/unheard`, { body: allows(action) })).status).toBe(200)
  await ground.west.door.comeBack()
  await settled()
  await using admin = await adminOf(ground.west)
  const { roles: found } = await admin.db('admin').command({ rolesInfo: 'unheard', showPrivileges: true })
  expect(found[0].privileges[0].actions).toEqual(['remove'])
  expect((await v1('DELETE', `${roles}/unheard`)).status).toBe(204)
  expect(await rolesOn(ground.west)).not.toContain('unheard')
}, 60_000)
