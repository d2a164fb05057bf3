import { expect } from 'vitest'
import { logsIn } from '../support/logins.ts'
import type { TestServer } from '../support/servers.ts'
import { type AfterRestart, coordinates, type Request, type Template } from './drill.ts'
import type { EngineSight } from './engine-sight.ts'

/** What the ledger, or the store, has of a change after the restart. */
export type Found = 'settled' | 'undone' | 'nothing'

/** One kind of change: how a child gets ready for it, what it asks for, and what must hold afterwards, wherever it was killed. */
export interface Scene {
  readonly what: string
  /** Of its operation; a change of the store alone has none, and says itself whether it is `done`. */
  readonly kind?: string
  readonly done?: (name: string, after: AfterRestart) => Promise<boolean>
  readonly setUp?: (name: string) => readonly Request[]
  readonly request: (name: string) => Request
  /** The server, or the store, is as `found` says: all of the change, or nothing of it. */
  readonly check: (name: string, found: Found, after: AfterRestart) => Promise<void>
  /** The answer of the request, and of the same request once it is done, without an Idempotency-Key. */
  readonly first: number
  readonly repeated: number | readonly [status: number, fault: string]
  /** Does the answer hand a password over. */
  readonly password?: true
}

export const OLD_PASSWORD = 'old-password-of-the-drill'
export const DATABASES = ['crash_orders', 'crash_billing']

const END = '2999-12-31T00:00:00.000Z'

const GRANTS = DATABASES.map(database => ({ role: 'readwrite', database }))

export function scenesOn(
  server: TestServer,
  { instance, project, spare }: Template,
  sight: EngineSight,
): readonly Scene[] {
  const users = `/instances/${instance}/users`
  const databases = `/instances/${instance}/databases`
  const connections = `/projects/${project}/connections`
  const made = (name: string): Request => ({ method: 'POST', url: users, body: { name, password: OLD_PASSWORD } })
  const opens = (name: string) => logsIn(server, name, OLD_PASSWORD)
  const named = async (name: string, { ask }: AfterRestart) => {
    const { items } = await ask({ method: 'GET', url: `${connections}?q=${name}` })
    return (items as unknown[]).length
  }
  const spareNow = ({ ask }: AfterRestart) => ask({ method: 'GET', url: `/connections/${spare}` })

  return [
    {
      what: 'create a user',
      kind: 'create-user',
      request: name => ({ method: 'POST', url: users, body: { name, grants: GRANTS } }),
      check: async (name, found) => expect(await sight.roles(name)).toBe(found === 'settled' ? 1 : 0),
      first: 201,
      repeated: [409, 'exists'],
      password: true,
    },
    {
      what: 'reset its password',
      kind: 'reset-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'POST', url: `${users}/${name}/reset`, body: {} }),
      check: async (name, found) => expect(await opens(name)).toBe(found !== 'settled'),
      first: 200,
      repeated: 200,
      password: true,
    },
    {
      what: 'drop a user',
      kind: 'drop-user',
      setUp: name => [{ ...made(name), body: { name, password: OLD_PASSWORD, grants: GRANTS } }],
      request: name => ({ method: 'DELETE', url: `${users}/${name}` }),
      check: async (name, found) => {
        expect(found).not.toBe('undone')
        if (found === 'nothing') return expect(await opens(name)).toBe(true)
        expect(await sight.roles(name)).toBe(0)
      },
      first: 200,
      repeated: [404, 'not-found'],
    },
    {
      what: 'lock a user',
      kind: 'lock-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'POST', url: `${users}/${name}/lock` }),
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
      setUp: name => [made(name), { method: 'POST', url: `${users}/${name}/lock` }],
      request: name => ({ method: 'POST', url: `${users}/${name}/unlock` }),
      check: async (name, found) => expect(await opens(name)).toBe(found === 'settled'),
      first: 200,
      repeated: 200,
    },
    {
      what: 'change settings',
      kind: 'set-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'PATCH', url: `${users}/${name}`, body: { settings: { connectionLimit: 7 } } }),
      check: async (name, found) => expect(await sight.connectionLimit(name)).toBe(found === 'settled' ? 7 : -1),
      first: 200,
      repeated: 200,
    },
    {
      what: 'give it an end',
      kind: 'set-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'PATCH', url: `${users}/${name}`, body: { validUntil: END } }),
      check: async (name, found, { ask }) => {
        const shown = await ask({ method: 'GET', url: `${users}/${name}` })
        // What the server keeps of it, where it keeps anything, is never without the promise, nor the promise without it.
        const ends = [shown.validUntil, shown.passwordUntil ?? (server.engine ? shown.validUntil : undefined)]
        expect(ends).toEqual(found === 'settled' ? [END, END] : [undefined, undefined])
      },
      first: 200,
      repeated: 200,
    },
    {
      what: 'grant on two databases',
      kind: 'grant-user',
      setUp: name => [made(name)],
      request: name => ({ method: 'PATCH', url: `${users}/${name}/grants`, body: { add: GRANTS } }),
      check: async (name, found) => expect(await sight.memberships(name)).toBe(found === 'settled' ? 2 : 0),
      first: 200,
      repeated: 200,
    },
    {
      what: 'create a database',
      kind: 'create-database',
      request: name => ({ method: 'POST', url: databases, body: { name } }),
      check: async (name, found) => expect(await sight.databases(name)).toBe(found === 'settled' ? 1 : 0),
      first: 201,
      repeated: [409, 'exists'],
    },
    {
      what: 'drop a database',
      kind: 'drop-database',
      setUp: name => [{ method: 'POST', url: databases, body: { name } }],
      request: name => ({ method: 'DELETE', url: `${databases}/${name}` }),
      check: async (name, found) => {
        expect(found).not.toBe('undone')
        expect(await sight.databases(name)).toBe(found === 'nothing' ? 1 : 0)
      },
      first: 200,
      repeated: [404, 'not-found'],
    },
    {
      what: 'create a connection',
      request: name => ({ method: 'POST', url: connections, body: coordinates(server, name, 'crash.test') }),
      done: async (name, after) => (await named(name, after)) === 1,
      check: async (name, found, after) => expect(await named(name, after)).toBe(found === 'settled' ? 1 : 0),
      first: 201,
      repeated: [409, 'exists'],
    },
    {
      what: 'change a connection',
      request: name => ({ method: 'PATCH', url: `/connections/${spare}`, body: { name, database: 'elsewhere' } }),
      done: async (name, after) => (await spareNow(after)).name === name,
      check: async (_name, found, after) =>
        expect((await spareNow(after)).database).toBe(found === 'settled' ? 'elsewhere' : server.database),
      first: 200,
      repeated: 200,
    },
    {
      what: 'delete a connection',
      request: () => ({ method: 'DELETE', url: `/connections/${spare}` }),
      done: async (_name, after) => (await spareNow(after)).status === 404,
      check: async (_name, found, after) =>
        expect((await spareNow(after)).status).toBe(found === 'settled' ? 404 : 200),
      first: 204,
      repeated: [404, 'not-found'],
    },
  ]
}
