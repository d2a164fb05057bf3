import { expect } from 'vitest'
import { logsIn } from '../../support/logins.ts'
import type { Request } from '../drill/drill.ts'
import { type Ground, OLD_PASSWORD, type Scenes } from './scene.ts'

const END = '2999-12-31T00:00:00.000Z'

/** What scenes of users have in common. */
function wordsFor(ground: () => Ground) {
  const users = () => `/instances/${ground().template.instance}/users`
  const grants = () => ground().databases.map(database => ({ role: 'readwrite', database }))
  const made = (name: string): Request => ({ method: 'POST', url: users(), body: { name, password: OLD_PASSWORD } })
  const opens = (name: string) => logsIn(ground().server, name, OLD_PASSWORD)
  return { users, grants, made, opens }
}

export const userScenes: Scenes = ground => {
  const { users, grants, made, opens } = wordsFor(ground)
  return [
    {
      what: 'create a user',
      kind: 'create-user',
      request: name => ({ method: 'POST', url: users(), body: { name, grants: grants() } }),
      check: async (name, found) => expect(await ground().sight.roles(name)).toBe(found === 'settled' ? 1 : 0),
      first: 201,
      repeated: [409, 'exists'],
      password: true,
    },
    {
      what: 'reset its password',
      kind: 'reset-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'POST', url: `${users()}/${name}/reset`, body: {} }),
      check: async (name, found) => expect(await opens(name)).toBe(found !== 'settled'),
      first: 200,
      repeated: 200,
      password: true,
    },
    {
      what: 'drop a user',
      kind: 'drop-user',
      setUp: name => [{ ...made(name), body: { name, password: OLD_PASSWORD, grants: grants() } }],
      request: name => ({ method: 'DELETE', url: `${users()}/${name}` }),
      check: async (name, found) => {
        expect(found).not.toBe('undone')
        if (found === 'nothing') return expect(await opens(name)).toBe(true)
        expect(await ground().sight.roles(name)).toBe(0)
      },
      first: 200,
      repeated: [404, 'not-found'],
    },
    {
      what: 'lock a user',
      kind: 'lock-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'POST', url: `${users()}/${name}/lock` }),
      check: async (name, found) => {
        expect(found).not.toBe('undone')
        expect(await opens(name)).toBe(found === 'nothing')
      },
      first: 200,
      repeated: 200,
    },
    {
      what: 'unlock a user',
      kind: 'unlock-user',
      setUp: name => [made(name), { method: 'POST', url: `${users()}/${name}/lock` }],
      request: name => ({ method: 'POST', url: `${users()}/${name}/unlock` }),
      check: async (name, found) => expect(await opens(name)).toBe(found === 'settled'),
      first: 200,
      repeated: 200,
    },
  ]
}

export const settingScenes: Scenes = ground => {
  const { users, grants, made } = wordsFor(ground)
  return [
    {
      what: 'change settings',
      kind: 'set-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'PATCH', url: `${users()}/${name}`, body: { settings: { connectionLimit: 7 } } }),
      check: async (name, found) =>
        expect(await ground().sight.connectionLimit(name)).toBe(found === 'settled' ? 7 : -1),
      first: 200,
      repeated: 200,
    },
    {
      what: 'give it an end',
      kind: 'set-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'PATCH', url: `${users()}/${name}`, body: { validUntil: END } }),
      check: async (name, found, { ask }) => {
        const shown = await ask({ method: 'GET', url: `${users()}/${name}` })
        // What the server keeps of it, where it keeps anything, is never without the promise, nor the promise without it.
        const ends = [shown.validUntil, shown.passwordUntil ?? (ground().server.engine ? shown.validUntil : undefined)]
        expect(ends).toEqual(found === 'settled' ? [END, END] : [undefined, undefined])
      },
      first: 200,
      repeated: 200,
    },
    {
      what: 'grant on two databases',
      kind: 'grant-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'PATCH', url: `${users()}/${name}/grants`, body: { add: grants() } }),
      check: async (name, found) => expect(await ground().sight.memberships(name)).toBe(found === 'settled' ? 2 : 0),
      first: 200,
      repeated: 200,
    },
  ]
}
