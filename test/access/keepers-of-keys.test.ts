import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApiKey } from '../../src/domain/callers/api-key.ts'
import type { Caller } from '../../src/domain/callers/caller.ts'
import type { Role } from '../../src/domain/users/role.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { anotherProject, aPerson, type Person } from '../support/people.ts'

/** Who keeps a key that opens more than one project: nobody who may do less in any of them. */
let rolecall: RunningApp
let elsewhere: string
let first: Caller
beforeAll(async () => {
  rolecall = await aRunningApp()
  elsewhere = await anotherProject(rolecall.app.store)
  await alsoIn(elsewhere, { id: rolecall.operator, keyId: rolecall.key.id }, 'owner')
  first = await callerOf(rolecall.key.privateKey)
})
afterAll(() => rolecall?.[Symbol.asyncDispose]())

const services = () => rolecall.app.services
const FORBIDDEN = { code: 'forbidden', subject: 'key' }

function callerOf(privateKey: string): Promise<Caller> {
  const origin = { address: '127.0.0.1', dialect: 'atlas', requestId: 'keepers' } as const
  return services().authentication.byPrivateKey(privateKey, origin)
}

async function alsoIn(project: string, { id, keyId }: Pick<Person, 'id' | 'keyId'>, role: Role): Promise<void> {
  await rolecall.app.store.transaction(async tables => {
    await tables.members.set(project, id, role, await tables.now())
    await tables.keys.setProject(keyId, { projectId: project, role })
  })
}

/** A service account over all projects, as the first operator makes it. */
async function anAccountOverAll(): Promise<ApiKey> {
  const { also } = await services().serviceAccounts.prepare('over all', 24)
  return (await services().keyChanges.createAny(first, { reach: 'all' }, also)).key
}

const admin = async () => callerOf((await aPerson(rolecall.app.store, rolecall.project, 'admin')).key)

describe('an admin of one project', () => {
  test('makes and removes no secret of a service account that may do more, here or elsewhere', async () => {
    const key = await anAccountOverAll()
    const { secrets } = await services().serviceAccounts.of(key)
    for (const caller of [await admin(), await callerOf((await aPerson(rolecall.app.store, elsewhere, 'owner')).key)]) {
      await expect(services().serviceAccounts.addSecret(caller, key, 24)).rejects.toMatchObject(FORBIDDEN)
      const remove = services().serviceAccounts.removeSecret(caller, key, secrets[0]!.id)
      await expect(remove).rejects.toMatchObject(FORBIDDEN)
      await expect(services().serviceAccounts.rename(caller, key, 'mine')).rejects.toMatchObject(FORBIDDEN)
    }
    expect((await services().serviceAccounts.addSecret(first, key, 24)).secret).toBeDefined()
  })

  test('opens no key that may do more to other networks, and describes none', async () => {
    const key = await anAccountOverAll()
    const caller = await admin()
    await expect(services().keyChanges.setNetworks(caller, key, ['0.0.0.0/0'])).rejects.toMatchObject(FORBIDDEN)
    await expect(services().keyChanges.describe(caller, key, 'mine')).rejects.toMatchObject(FORBIDDEN)
    expect((await services().keyChanges.setNetworks(first, key, ['127.0.0.0/8'])).networks).toEqual(['127.0.0.0/8'])
  })

  test('looks after its own service accounts', async () => {
    const caller = await admin()
    const { also } = await services().serviceAccounts.prepare('own', 24)
    const { key } = await services().keys.create(caller, rolecall.project, { role: 'editor' }, also)
    expect((await services().serviceAccounts.addSecret(caller, key, 24)).secret).toBeDefined()
    expect((await services().keyChanges.setNetworks(caller, key, ['127.0.0.1'])).networks).toEqual(['127.0.0.1'])
  })
})

describe('the first operator', () => {
  test('takes the roles that it may take from a key that is at home elsewhere, and ends it not', async () => {
    const home = await anotherProject(rolecall.app.store)
    const guest = await aPerson(rolecall.app.store, home, 'editor')
    await alsoIn(rolecall.project, guest, 'editor')
    await services().keyChanges.revokeAny(first, guest.keyId)
    expect([...(await callerOf(guest.key)).roles]).toEqual([[home, 'editor']])
  })

  test('has keys that it made itself: nobody makes a key by which to be the first operator', async () => {
    const project = await anotherProject(rolecall.app.store)
    const keeper = await aPerson(rolecall.app.store, project, 'admin')
    await alsoIn(project, { id: rolecall.operator, keyId: rolecall.key.id }, 'viewer')
    const path = `/projects/${project}/keys`
    const body = { role: 'viewer', operator: rolecall.operator }
    expect((await rolecall.native('POST', path, { key: keeper.key, body })).status).toBe(403)
    expect((await rolecall.native('POST', path, { body })).status).toBe(201)
  })
})

test('a key of an owner that has the role admin is good for what admins do with connections', async () => {
  const made = await rolecall.native('POST', `/projects/${rolecall.project}/keys`, { body: { role: 'admin' } })
  const body = {
    name: 'short',
    engine: 'postgresql',
    host: 'db.example.test',
    port: 5432,
    database: 'd',
    username: 'u',
  }
  const key = made.body.private
  const connection = await rolecall.native('POST', `/projects/${rolecall.project}/connections`, { key, body })
  expect(connection.status).toBe(201)
  expect((await rolecall.native('DELETE', `/connections/${connection.body.id}`, { key })).status).toBe(204)
})
