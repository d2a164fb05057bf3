import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { heal, type Trouble, trouble } from '../../../support/troubled.ts'
import {
  adminOf,
  aUser,
  type Cluster,
  type Ground,
  loginsOn,
  rolesOn,
  twoClusters,
  until,
  userPath,
  usersPath,
} from '../users/ground.ts'

let ground: Ground
let north: Cluster
const mine: Trouble = trouble()
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)
const path = '/customDBRoles/roles'

beforeAll(async () => {
  ground = await twoClusters({ parts: mine.parts })
}, 120_000)
afterEach(() => heal(mine))
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

const onOrders = [{ db: 'billing', collection: 'orders' }]
const allows = (action: string) => ({ actions: [{ action, resources: onOrders }] })
const make = async (roleName: string, more: object = allows('FIND')) => {
  const made = await v1('POST', path, { body: { roleName, ...more } })
  expect(made.status, made.text).toBe(202)
}
const inherits = (...roles: string[]) => ({ inheritedRoles: roles.map(role => ({ db: 'admin', role })) })
const hold = async (username: string, roleName: string) => {
  const made = await v1('POST', usersPath, { body: aUser(username, { roles: [{ databaseName: 'admin', roleName }] }) })
  expect(made.status, made.text).toBe(201)
}

test('of two changes of one role at once none is lost', async () => {
  await make('both')
  const [here, there] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let isFirst = true
  mine.asked = async (asked, _port, ask) => {
    const facts = await ask()
    if (asked.kind !== 'set-role' || !isFirst) return facts
    here.resolve()
    await there.promise
    return facts
  }
  const later = v1('PATCH', `${path}/both`, { body: allows('INSERT') })
  await here.promise
  isFirst = false
  const earlier = await v1('PATCH', `${path}/both`, { body: { inheritedRoles: [{ db: 'shop', role: 'read' }] } })
  expect(earlier.status, earlier.text).toBe(200)
  there.resolve()
  expect((await later).status).toBe(200)
  const { body } = await v1('GET', `${path}/both`)
  expect(body).toMatchObject({ ...allows('INSERT'), inheritedRoles: [{ db: 'shop', role: 'read' }] })
  for (const cluster of [ground.east, ground.west]) {
    await using admin = await adminOf(cluster)
    const { roles } = await admin.db('admin').command({ rolesInfo: 'both', showPrivileges: true })
    expect([roles[0].privileges[0].actions, roles[0].roles]).toEqual([['insert'], [{ role: 'read', db: 'shop' }]])
  }
  expect((await v1('DELETE', `${path}/both`)).status).toBe(204)
})

test('a cluster that joins gets a role after those that it inherits from', async () => {
  await make('base')
  await make('wider', inherits('base'))
  await make('clash')
  await hold('holder', 'clash')
  await hold('heir', 'wider')
  mine.asked = async (asked, port, ask) => {
    const isLate = asked.kind === 'create-role' && asked.role.name === 'base' && port !== ground.east.door.port
    if (isLate) await sleep(2_500)
    return ask()
  }
  north = await ground.join('north', async admin => {
    const privileges = [{ resource: { db: 'secrets', collection: '' }, actions: ['find'] }]
    await admin.command({ createRole: 'clash', privileges, roles: [] })
  })
  const made = await until(
    () => rolesOn(north),
    roles => roles.includes('wider'),
    25_000,
  )
  expect(made).toEqual(expect.arrayContaining(['base', 'wider']))
  expect(
    await until(
      () => loginsOn(north),
      logins => logins.includes('heir'),
      25_000,
    ),
  ).toContain('heir')
}, 90_000)

test('nobody gets there what others called like a role of the project; the role comes once that is gone, and its holders after it', async () => {
  // The worker looked several times by then.
  await sleep(6_000)
  expect(await loginsOn(north)).toEqual(['heir'])
  const change = () => v1('PATCH', `${path}/clash`, { body: allows('INSERT') })
  expect((await change()).status).toBe(200)
  const actionsOn = async () => {
    await using admin = await adminOf(north)
    const { roles } = await admin.db('admin').command({ rolesInfo: 'clash', showPrivileges: true })
    return roles[0].privileges.map(({ resource, actions }: { resource: { db: string }; actions: string[] }) => [
      resource.db,
      actions,
    ])
  }
  expect(await actionsOn()).toEqual([['secrets', ['find']]])
  await using admin = await adminOf(north)
  await admin.db('admin').command({ dropRole: 'clash' })
  expect((await change()).status).toBe(200)
  expect(await actionsOn()).toEqual([['billing', ['insert']]])
  expect(
    await until(
      () => loginsOn(north),
      logins => logins.includes('holder'),
      25_000,
    ),
  ).toContain('holder')
  for (const name of ['holder', 'heir']) expect((await v1('DELETE', userPath(name))).status).toBe(204)
  for (const name of ['clash', 'wider', 'base']) expect((await v1('DELETE', `${path}/${name}`)).status).toBe(204)
}, 90_000)
