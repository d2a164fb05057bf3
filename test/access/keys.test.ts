import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ApiKey } from '../../src/domain/api-key.ts'
import type { Role } from '../../src/domain/role.ts'
import { aRunningApp, type RunningApp } from '../support/app.ts'
import { aPerson, type Person } from '../support/people.ts'

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
