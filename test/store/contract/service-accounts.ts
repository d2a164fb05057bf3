import { describe, expect, it } from 'vitest'
import { newKeyId } from '../../../src/domain/id.ts'
import { newSecret } from '../../../src/domain/secret.ts'
import { aKey, anOperator, aProject, NOON } from '../builders.ts'
import type { Opened } from './harness.ts'

export function serviceAccounts(opened: Opened): void {
  async function someKey(own: object = {}) {
    const [operator, project] = [anOperator(), aProject()]
    const key = aKey(operator.id, project.id, own)
    await opened.store.transaction(async tables => {
      await tables.operators.add(operator)
      await tables.projects.add(project)
      await tables.keys.add(key, newSecret(40))
    })
    return { key, operator, project }
  }

  describe('service accounts', () => {
    it('are found among keys, renamed, and have secrets that come and go', async () => {
      const { store } = opened
      const [{ key }, { key: other }] = [await someKey(), await someKey()]
      const account = { keyId: key.id, name: 'deploy' }
      const aSecret = (createdAt: number) => {
        return { id: newKeyId(), keyId: key.id, hash: 'h', ending: 'abcd', createdAt, expiresAt: NOON }
      }
      const [later, sooner] = [aSecret(2), aSecret(1)]
      await store.transaction(async tables => {
        await tables.serviceAccounts.add(account)
        for (const secret of [later, sooner]) await tables.serviceAccounts.addSecret(secret)
      })
      expect(await store.read.serviceAccounts.listAmong([key.id, other.id])).toEqual([account])
      expect(await store.read.serviceAccounts.find(other.id)).toBeUndefined()
      expect(await store.read.serviceAccounts.secrets(key.id)).toStrictEqual([sooner, later])
      await store.transaction(async tables => {
        await tables.serviceAccounts.rename(key.id, 'release')
        await tables.serviceAccounts.touchSecret(sooner.id, 7)
        expect(await tables.serviceAccounts.removeSecret(key.id, later.id)).toBe(true)
        expect(await tables.serviceAccounts.removeSecret(key.id, later.id)).toBe(false)
        expect(await tables.serviceAccounts.removeSecret(other.id, sooner.id)).toBe(false)
      })
      expect(await store.read.serviceAccounts.find(key.id)).toEqual({ keyId: key.id, name: 'release' })
      expect(await store.read.serviceAccounts.secrets(key.id)).toStrictEqual([{ ...sooner, lastUsedAt: 7 }])
    })

    it('go with their operator, and their secrets with them', async () => {
      const { store } = opened
      const { key, operator } = await someKey()
      const secret = { id: newKeyId(), keyId: key.id, hash: 'h', ending: 'abcd', createdAt: 1, expiresAt: 2 }
      await store.transaction(async tables => {
        await tables.serviceAccounts.add({ keyId: key.id, name: 'deploy' })
        await tables.serviceAccounts.addSecret(secret)
      })
      await store.transaction(tables => tables.operators.remove(operator.id))
      expect(await store.read.serviceAccounts.find(key.id)).toBeUndefined()
      expect(await store.read.serviceAccounts.secrets(key.id)).toEqual([])
    })
  })

  describe('what is said of a key', () => {
    it('is changed: what it is for, and where it is good', async () => {
      const { store } = opened
      const { key, operator } = await someKey({ description: 'before' })
      await store.transaction(tables => tables.keys.describe(key.id, 'after'))
      await store.transaction(tables => tables.keys.setNetworks(key.id, ['10.0.0.0/8']))
      const changed = { ...key, description: 'after', networks: ['10.0.0.0/8'] }
      expect(await store.read.keys.find(key.id)).toStrictEqual(changed)
      expect(await store.read.keys.listOf(operator.id)).toStrictEqual([changed])
      const page = { limit: 5, q: 'AFTER' }
      expect((await store.read.keys.list(key.homeProjectId, page)).items).toHaveLength(1)
    })

    it('is found by its operator also where it opens no project', async () => {
      const { store } = opened
      const { key, operator } = await someKey({ projects: [] })
      expect(await store.read.keys.listOf(operator.id)).toStrictEqual([key])
    })
  })

  describe("a project's access list", () => {
    it('tells its entries oldest first until their time is over', async () => {
      const { store } = opened
      const { project } = await someKey()
      const entry = (network: string, createdAt: number, more: object = {}) => {
        return { projectId: project.id, network, createdAt, ...more }
      }
      const [one, two] = [entry('10.0.0.0/8', 1, { comment: 'office' }), entry('192.0.2.0/24', 0, { deleteAt: 50 })]
      await store.transaction(async tables => {
        for (const each of [one, two]) await tables.accessListEntries.set(each)
      })
      expect(await store.read.accessListEntries.list(project.id, 49)).toStrictEqual([two, one])
      expect(await store.read.accessListEntries.list(project.id, 50)).toStrictEqual([one])
      await store.transaction(tables => tables.accessListEntries.set({ ...two, createdAt: 9, comment: 'home' }))
      const kept = { ...entry('192.0.2.0/24', 0), comment: 'home' }
      await store.transaction(tables => tables.accessListEntries.set({ ...kept, createdAt: 9 }))
      expect(await store.read.accessListEntries.list(project.id, 50)).toStrictEqual([kept, one])
      await store.transaction(tables => tables.accessListEntries.set({ ...one, deleteAt: 60 }))
      await store.transaction(tables => tables.accessListEntries.sweep(60))
      expect(await store.read.accessListEntries.list(project.id, 0)).toStrictEqual([kept])
      expect(await store.transaction(tables => tables.accessListEntries.remove(project.id, kept.network))).toBe(true)
      expect(await store.transaction(tables => tables.accessListEntries.remove(project.id, kept.network))).toBe(false)
    })
  })
}
