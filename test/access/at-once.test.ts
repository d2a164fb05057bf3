import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { aPerson, type Person } from '../support/people.ts'
import { postgresqlServer } from '../support/servers.ts'
import { aDatabase } from '../support/store-database.ts'

/** What is taken away by one process is gone for the next request to any, in the middle of others. */
describe.each(['SQLite', 'PostgreSQL'])('with a store on %s', kind => {
  let one: RunningApp
  let other: RunningApp
  let instance: string
  let connection: string

  beforeAll(async () => {
    const flags: Readonly<Record<string, string>> = kind === 'SQLite' ? {} : { '--store': await aDatabase() }
    one = await aRunningApp({ flags })
    // A folder is for one process alone.
    other = kind === 'SQLite' ? one : await aRunningApp({ flags, folder: one.folder, key: one.key })
    ;({ instance, connection } = await one.connect(await postgresqlServer()))
  })
  afterAll(async () => {
    if (other !== one) await other?.[Symbol.asyncDispose]()
    await one?.[Symbol.asyncDispose]()
  })

  /** Asks both over and over while `work` is done, and answers what each of the next requests after it was told. */
  async function during(person: Person, path: string, work: () => Promise<unknown>): Promise<readonly number[]> {
    const ask = async (app: RunningApp) => (await app.ask('GET', path, { key: person.key })).status
    expect(await Promise.all([ask(one), ask(other)])).toEqual([200, 200])
    let isDone = false
    const asking = [one, other, one, other].map(async app => {
      // Answers come from memory: without a pause nothing else would have its turn.
      for (; !isDone; await pause(1)) await ask(app)
    })
    await work()
    const after = Promise.all([ask(other), ask(one), ask(other), ask(one)])
    isDone = true
    await Promise.all(asking)
    return after
  }

  const member = (role: 'viewer' | 'admin' | 'owner') => aPerson(one.app.store, one.project, role)
  const here = () => `/rolecall/v1/instances/${instance}`
  const of = (rest: string) => `/projects/${one.project}${rest}`

  test('a key that is revoked opens nothing more', async () => {
    const person = await member('admin')
    const revoke = () => one.native('DELETE', of(`/keys/${person.keyId}`))
    expect(await during(person, here(), revoke)).toEqual([401, 401, 401, 401])
  })

  test('who gets a weaker role has no more than that', async () => {
    const person = await member('admin')
    const demote = () => one.native('PUT', of(`/members/${person.id}`), { body: { role: 'viewer' } })
    expect(await during(person, `/v1/organisations/${one.project}/audit-events`, demote)).toEqual([403, 403, 403, 403])
  })

  test('who leaves the project finds it nowhere', async () => {
    const person = await member('viewer')
    const leave = () => one.native('DELETE', of(`/members/${person.id}`))
    expect(await during(person, here(), leave)).toEqual([404, 404, 404, 404])
  })

  test('what an access list hides is hidden', async () => {
    const person = await member('viewer')
    const acl = `/v1/database-connections/${connection}/acl/organisation/${one.project}`
    const hide = async () => expect((await one.ask('DELETE', acl)).status).toBeLessThan(300)
    expect(await during(person, here(), hide)).toEqual([404, 404, 404, 404])
  })
})
