import { afterAll, beforeAll, expect, test } from 'vitest'
import { anotherProject, aPerson } from '../../../support/people.ts'
import { heal, type Trouble, trouble } from '../../../support/troubled.ts'
import type { AtlasAsking } from '../atlas.ts'
import {
  adminOf,
  aUser,
  clientOf,
  type Ground,
  passwordOf,
  rolesOn,
  twoClusters,
  userPath,
  usersPath,
} from '../users/ground.ts'

let ground: Ground
/** Of another project, to which `east` belongs as well. */
let theirs: Ground['atlas']['v1']
const mine: Trouble = trouble()
const v1: Ground['atlas']['v1'] = (...asked) => ground.atlas.v1(...asked)
const path = '/customDBRoles/roles'

beforeAll(async () => {
  ground = await twoClusters({ parts: mine.parts })
  const { ask, running } = ground.atlas
  const { store } = running.app
  const project = await anotherProject(store)
  const { key, keyId } = await aPerson(store, project, 'owner')
  running.heard({ password: key }, '')
  const as = { publicKey: (await store.read.keys.find(keyId))!.publicKey, privateKey: key }
  const { server, door } = ground.east
  const { engine, host, database, username, password } = server
  const body = { name: 'theirs', instanceName: 'theirs', engine, host, port: door.port, database, username, password }
  const made = await running.native('POST', `/projects/${project}/connections`, { body, key })
  expect(made.status, made.text).toBe(201)
  theirs = (method, below, asking: AtlasAsking = {}) =>
    ask(method, `/api/atlas/v1.0/groups/${project}${below}`, { as, ...asking })
}, 120_000)
afterAll(async () => {
  await ground?.[Symbol.asyncDispose]()
})

const allows = (action: string) => ({ actions: [{ action, resources: [{ db: 'billing', collection: 'orders' }] }] })
const isOn = async (cluster: Ground['east'], role: string) => (await rolesOn(cluster)).includes(role)
const withRole = (name: string, roleName: string) => aUser(name, { roles: [{ databaseName: 'admin', roleName }] })

test('a role that two projects have on one server stays there until both let it go', async () => {
  const body = { roleName: 'common', ...allows('FIND') }
  expect((await v1('POST', path, { body })).status).toBe(202)
  expect((await theirs('POST', path, { body })).status).toBe(202)
  expect((await theirs('POST', usersPath, { body: withRole('bob', 'common') })).status).toBe(201)
  const gone = await v1('DELETE', `${path}/common`)
  expect(gone.status, gone.text).toBe(204)
  expect((await v1('GET', `${path}/common`)).status).toBe(404)
  expect([await isOn(ground.east, 'common'), await isOn(ground.west, 'common')]).toEqual([true, false])
  await using bob = await clientOf(ground.east, 'bob', passwordOf('bob'))
  expect(await bob.db('billing').collection('orders').findOne()).toBeNull()
  expect((await theirs('DELETE', userPath('bob'))).status).toBe(204)
  expect((await theirs('DELETE', `${path}/common`)).status).toBe(204)
  expect(await isOn(ground.east, 'common')).toBe(false)
})

test('a role that two projects have on one server is changed by neither of them for the other', async () => {
  const body = { roleName: 'agreed', ...allows('FIND') }
  expect((await v1('POST', path, { body })).status).toBe(202)
  expect((await theirs('POST', path, { body })).status).toBe(202)
  for (const one of [v1, theirs]) {
    const changed = await one('PATCH', `${path}/agreed`, { body: allows('REMOVE') })
    expect([changed.status, changed.body.errorCode]).toEqual([409, 'ATLAS_CUSTOM_ROLE_NAME_ALREADY_EXISTS'])
    expect((await one('GET', `${path}/agreed`)).body).toMatchObject(allows('FIND'))
    // The same once more is no change.
    expect((await one('PATCH', `${path}/agreed`, { body: allows('FIND') })).status).toBe(200)
  }
  await using admin = await adminOf(ground.east)
  const { roles } = await admin.db('admin').command({ rolesInfo: 'agreed', showPrivileges: true })
  expect(roles[0].privileges[0].actions).toEqual(['find'])
  expect((await theirs('DELETE', `${path}/agreed`)).status).toBe(204)
  expect((await v1('PATCH', `${path}/agreed`, { body: allows('REMOVE') })).status).toBe(200)
  expect((await v1('DELETE', `${path}/agreed`)).status).toBe(204)
  expect([await isOn(ground.east, 'agreed'), await isOn(ground.west, 'agreed')]).toEqual([false, false])
})

test('a role that another project gets on the server while it is being deleted stays there', async () => {
  const body = { roleName: 'crossed', ...allows('FIND') }
  expect((await v1('POST', path, { body })).status).toBe(202)
  const [here, there] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  mine.asked = async (asked, _port, ask) => {
    const facts = await ask()
    if (asked.kind !== 'drop-role') return facts
    here.resolve()
    await there.promise
    return facts
  }
  const deleting = v1('DELETE', `${path}/crossed`)
  await here.promise
  expect((await theirs('POST', path, { body })).status).toBe(202)
  there.resolve()
  expect((await deleting).status).toBe(204)
  heal(mine)
  expect([await isOn(ground.east, 'crossed'), await isOn(ground.west, 'crossed')]).toEqual([true, false])
  expect((await theirs('DELETE', `${path}/crossed`)).status).toBe(204)
  expect(await isOn(ground.east, 'crossed')).toBe(false)
})
