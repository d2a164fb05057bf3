import { expect } from 'vitest'
import type { Request } from '../drill/drill.ts'
import type { MongodbSight } from '../sights/mongodb.ts'
import { databaseScenes } from './databases.ts'
import { OLD_PASSWORD, type Scene, type Scenes } from './scene.ts'
import { settingScenes, userScenes } from './users.ts'

const LOCKED = ['admin.rolecall.locked']

const named = (scenes: readonly Scene[], what: string): Scene => scenes.find(scene => scene.what === what)!

/** What users are asked for on every engine; a lock is the loss of all roles here, and what a login had is kept as a role of ours. */
export const mongodbUserScenes: Scenes = ground => {
  const sight = () => ground().sight as MongodbSight
  const users = () => `/instances/${ground().template.instance}/users`
  const grants = () => ground().databases.map(database => ({ role: 'readwrite', database }))
  const has = () =>
    ground()
      .databases.map(database => `${database}.readWrite`)
      .toSorted()
  const made = (name: string): Request => {
    return { method: 'POST', url: users(), body: { name, password: OLD_PASSWORD, grants: grants() } }
  }
  const lock = (name: string): Request => ({ method: 'POST', url: `${users()}/${name}/lock` })
  const common = userScenes(ground)
  const drop = named(common, 'drop a user')
  return [
    named(common, 'create a user'),
    named(common, 'reset its password'),
    {
      ...drop,
      check: async (name, found, after) => {
        await drop.check(name, found, after)
        if (found === 'settled') expect(await sight().heldFor(name)).toEqual([])
      },
    },
    {
      what: 'lock a user',
      kind: 'lock-user',
      setUp: name => [made(name)],
      request: lock,
      check: async (name, found) => {
        expect(found).not.toBe('undone')
        expect(await sight().rolesOf(name)).toEqual(found === 'nothing' ? has() : LOCKED)
      },
      first: 200,
      repeated: 200,
    },
    {
      what: 'unlock a user',
      kind: 'unlock-user',
      setUp: name => [made(name), lock(name)],
      request: name => ({ method: 'POST', url: `${users()}/${name}/unlock` }),
      check: async (name, found) => {
        expect(await sight().rolesOf(name)).toEqual(found === 'settled' ? has() : LOCKED)
        expect(await sight().heldFor(name)).toHaveLength(found === 'settled' ? 0 : 1)
      },
      first: 200,
      repeated: 200,
    },
  ]
}

/** What a login may do, and databases. */
export const mongodbThingScenes: Scenes = ground => {
  const sight = () => ground().sight as MongodbSight
  const users = () => `/instances/${ground().template.instance}/users`
  const made = (name: string, body: object = {}): Request => {
    return { method: 'POST', url: users(), body: { name, password: OLD_PASSWORD, ...body } }
  }
  const BEFORE = ['admin.backup', 'admin.clusterMonitor']
  const AFTER = ['admin.backup', 'admin.readAnyDatabase']
  return [
    {
      what: 'change its roles',
      kind: 'set-user',
      setUp: name => [made(name, { engineRoles: BEFORE })],
      request: name => ({ method: 'PATCH', url: `${users()}/${name}`, body: { engineRoles: AFTER } }),
      check: async (name, found) => expect(await sight().rolesOf(name)).toEqual(found === 'settled' ? AFTER : BEFORE),
      first: 200,
      repeated: 200,
    },
    named(settingScenes(ground), 'give it an end'),
    named(settingScenes(ground), 'grant on two databases'),
    ...databaseScenes(ground),
  ]
}
