import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApiKey } from '../../src/domain/callers/api-key.ts'
import type { Role } from '../../src/domain/users/role.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { anotherProject, aPerson, type Person } from '../support/people.ts'

const HOUR_MS = 3_600_000

let rolecall: RunningApp
let keys: string
let owner: Person
beforeAll(async () => {
  rolecall = await aRunningApp()
  keys = `/projects/${rolecall.project}/keys`
  owner = await aPerson(rolecall.app.store, rolecall.project, 'owner')
})
afterAll(() => rolecall?.[Symbol.asyncDispose]())

const person = (role: Role, key: Partial<ApiKey> = {}) => aPerson(rolecall.app.store, rolecall.project, role, { key })
const make = (maker: Person, body: object) => rolecall.native('POST', keys, { key: maker.key, body })
const inAnHour = (hours = 1) => new Date(Date.now() + hours * HOUR_MS).toISOString()

describe('a key that is made for somebody else', () => {
  test('is no stronger than its maker', async () => {
    const admin = await person('admin')
    expect((await make(admin, { role: 'owner', operator: owner.id })).status).toBe(403)
    expect((await make(admin, { role: 'admin', operator: owner.id })).status).toBe(201)
  })
})

describe('a key that is made with one that has an end', () => {
  test('ends with it, or before it', async () => {
    const maker = await person('editor', { expiresAt: Date.now() + HOUR_MS })
    const made = await make(maker, { role: 'editor' })
    expect([made.status, Date.parse(made.body.expiresAt) <= Date.now() + HOUR_MS]).toEqual([201, true])
    expect((await make(maker, { role: 'editor', expiresAt: inAnHour(0.5) })).status).toBe(201)
    const later = await make(maker, { role: 'editor', expiresAt: inAnHour(2) })
    expect([later.status, later.body.type]).toEqual([403, 'urn:rolecall:fault:forbidden'])
  })
})

describe('a key that is made with one that is bound to networks', () => {
  test('is bound to them, or to parts of them', async () => {
    const maker = await person('editor', { networks: ['127.0.0.0/8'] })
    expect((await make(maker, { role: 'editor' })).body.networks).toEqual(['127.0.0.0/8'])
    expect((await make(maker, { role: 'editor', networks: ['127.0.0.1'] })).status).toBe(201)
    for (const networks of [[], ['10.0.0.0/8'], ['0.0.0.0/0'], ['127.0.0.1', '10.1.2.3']])
      expect((await make(maker, { role: 'editor', networks })).status, networks.join()).toBe(403)
  })
})

test('a key of the first operator that is weaker than its operator makes no project, which it would own', async () => {
  const weak = await rolecall.native('POST', keys, { body: { role: 'viewer' } })
  const project = await rolecall.native('POST', '/projects', { key: weak.body.private, body: { name: 'Mine' } })
  expect([weak.status, project.status]).toEqual([201, 403])
})

describe('a key whose home is another project', () => {
  const store = () => rolecall.app.store

  /** An editor of another project, whose key also opens this one. */
  async function aGuest(hereAs: Role = 'editor') {
    const home = await anotherProject(store())
    const guest = await aPerson(store(), home, 'editor')
    await store().transaction(async tables => {
      await tables.members.set(rolecall.project, guest.id, hereAs, await tables.now())
      await tables.keys.setProject(guest.keyId, { projectId: rolecall.project, role: hereAs })
    })
    return { ...guest, home }
  }

  const reads = async (person: Person, project: string) =>
    (await rolecall.native('GET', `/projects/${project}`, { key: person.key })).status

  test('loses its role here, and nothing else, when an admin of this project revokes it', async () => {
    const guest = await aGuest()
    const admin = await person('admin')
    const path = `${keys}/${guest.keyId}`
    expect((await rolecall.native('DELETE', path, { key: admin.key })).status).toBe(204)
    expect([await reads(guest, rolecall.project), await reads(guest, guest.home)]).toEqual([404, 200])
    const after = await rolecall.native('GET', path, { key: admin.key })
    expect([after.status, (await rolecall.native('DELETE', path, { key: admin.key })).status]).toEqual([404, 404])
    const { lines } = await rolecall.app.services.auditLog.list(await ownCaller(), rolecall.project, '', 1_000)
    expect(lines.find(({ subject }) => subject === guest.keyId)).toMatchObject({
      action: 'key.revoke',
      detail: ['role editor'],
    })
  })

  test('and that does not open this one looks like one that is not there', async () => {
    const home = await anotherProject(store())
    const stranger = await aPerson(store(), home, 'editor')
    const [foreign, missing] = await Promise.all(
      [stranger.keyId, 'nobody'].map(id => rolecall.native('DELETE', `${keys}/${id}`)),
    )
    const anonymous = (text: string) => text.replaceAll(stranger.keyId, 'nobody').replace(/"instance":"[^"]*"/, '')
    expect([foreign!.status, anonymous(foreign!.text)]).toEqual([404, anonymous(missing!.text)])
    expect(await reads(stranger, home)).toBe(200)
  })

  test('is ended by its own operator where it is at home alone', async () => {
    const guest = await aGuest('viewer')
    const here = await rolecall.native('DELETE', `${keys}/${guest.keyId}`, { key: guest.key })
    expect([here.status, await reads(guest, guest.home)]).toEqual([204, 200])
    const path = `/projects/${guest.home}/keys/${guest.keyId}`
    expect((await rolecall.native('DELETE', path, { key: guest.key })).status).toBe(204)
    expect(await reads(guest, guest.home)).toBe(401)
  })

  test('can do more there than a weak key of its operator, which does not end it', async () => {
    const strong = await person('editor')
    const elsewhere = await anotherProject(store())
    await store().transaction(async tables => {
      await tables.members.set(elsewhere, strong.id, 'owner', await tables.now())
      await tables.keys.setProject(strong.keyId, { projectId: elsewhere, role: 'owner' })
    })
    const weak = await make(strong, { role: 'editor' })
    const path = `${keys}/${strong.keyId}`
    expect((await rolecall.native('DELETE', path, { key: weak.body.private })).status).toBe(403)
    expect((await rolecall.native('DELETE', path, { key: owner.key })).status).toBe(204)
  })
})

/** As the first key calls. */
function ownCaller() {
  const origin = { address: '127.0.0.1', dialect: 'native', requestId: 'audit' } as const
  return rolecall.app.services.authentication.byPrivateKey(rolecall.key.privateKey, origin)
}
