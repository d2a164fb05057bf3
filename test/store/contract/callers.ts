import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { newProjectId } from '../../../src/domain/id.ts'
import { newSecret } from '../../../src/domain/secret.ts'
import { aKey, aManagedServer, anOperator, aProject, NOON } from '../builders.ts'
import type { Opened } from './harness.ts'

export function callers(opened: Opened): void {
  describe('operators, projects and members', () => {
    it('finds an operator as it was added, by id and by name', async () => {
      const { store } = opened
      const operator = anOperator({
        email: 'ada@example.test',
        name: 'Ada',
        issuer: 'https://id.test',
        subject: 'ada-7',
      })
      await store.transaction(tables => tables.operators.add(operator))
      expect(await store.read.operators.find(operator.id)).toStrictEqual(operator)
      expect(await store.read.operators.findByUsername(operator.username)).toStrictEqual(operator)
      expect(await store.read.operators.find('nobody')).toBeUndefined()
    })

    it('changes what an operator says of itself, its home and its access one by one', async () => {
      const { store } = opened
      const operator = anOperator({ email: 'ada@example.test' })
      const { email: _, ...plain } = operator
      const home = aProject()
      await store.transaction(tables => tables.operators.add(operator))
      await store.transaction(tables => tables.projects.add(home))
      await store.transaction(tables => tables.operators.setDisabled(operator.id, NOON))
      await store.transaction(tables => tables.operators.setHome(operator.id, home.id))
      await store.transaction(tables => tables.operators.describe({ ...plain, name: 'Ada' }))
      const after = { ...plain, name: 'Ada', disabledAt: NOON, homeProjectId: home.id }
      expect(await store.read.operators.find(operator.id)).toStrictEqual(after)
      expect(await store.transaction(tables => tables.operators.hold(operator.id))).toStrictEqual(after)
      await store.transaction(tables => tables.operators.setDisabled(operator.id, undefined))
      expect((await store.read.operators.find(operator.id))?.disabledAt).toBeUndefined()
    })

    it('refuses a second operator of the same name, and a second first operator', async () => {
      const { store } = opened
      const before = await store.read.operators.count()
      const operator = anOperator({ first: true })
      await store.transaction(tables => tables.operators.add(operator))
      const twin = anOperator({ username: operator.username })
      const taken = { code: 'exists', subject: 'operator' }
      await expect(store.transaction(tables => tables.operators.add(twin))).rejects.toMatchObject(taken)
      const usurper = anOperator({ first: true })
      await expect(store.transaction(tables => tables.operators.add(usurper))).rejects.toMatchObject(taken)
      expect(await store.read.operators.count()).toBe(before + 1)
    })

    it('counts the version of a project up, and refuses a save that comes late', async () => {
      const { store } = opened
      const project = aProject({ alias: newProjectId(), policy: { minPasswordLength: 12 } })
      await store.transaction(tables => tables.projects.add(project))
      const saved = await store.transaction(tables => tables.projects.save({ ...project, name: 'Billing' }))
      expect(saved).toStrictEqual({ ...project, name: 'Billing', version: 2 })
      expect(await store.read.projects.find(project.id)).toStrictEqual(saved)
      expect(await store.read.projects.findByAlias(project.alias!)).toStrictEqual(saved)
      const late = store.transaction(tables => tables.projects.save({ ...project, name: 'Late' }))
      await expect(late).rejects.toMatchObject({ code: 'precondition_failed', subject: 'project' })
    })

    it('refuses a second project under the same alias', async () => {
      const { store } = opened
      const alias = newProjectId()
      await store.transaction(tables => tables.projects.add(aProject({ alias })))
      const second = store.transaction(tables => tables.projects.add(aProject({ alias })))
      await expect(second).rejects.toMatchObject({ code: 'exists', subject: 'project' })
    })

    it('removes a project with its members, but not one that has instances', async () => {
      const { store } = opened
      const { project } = await aManagedServer(store)
      const removal = store.transaction(tables => tables.projects.remove(project.id))
      await expect(removal).rejects.toMatchObject({ code: 'in_use', subject: 'project' })
      const empty = aProject()
      const operator = anOperator({ homeProjectId: empty.id })
      await store.transaction(async tables => {
        await tables.projects.add(empty)
        await tables.operators.add(operator)
        await tables.members.set(empty.id, operator.id, 'owner', NOON)
      })
      await store.transaction(tables => tables.projects.remove(empty.id))
      expect(await store.read.projects.find(empty.id)).toBeUndefined()
      expect(await store.read.members.find(empty.id, operator.id)).toBeUndefined()
      expect((await store.read.operators.find(operator.id))?.homeProjectId).toBeUndefined()
    })

    it('sets, changes, counts and removes members', async () => {
      const { store } = opened
      const { project, operator } = await aManagedServer(store)
      const member = { projectId: project.id, operatorId: operator.id, username: operator.username, since: NOON }
      expect(await store.read.members.find(project.id, operator.id)).toStrictEqual({ ...member, role: 'admin' })
      await store.transaction(tables => tables.members.set(project.id, operator.id, 'owner', NOON + 1))
      expect(await store.read.members.find(project.id, operator.id)).toStrictEqual({ ...member, role: 'owner' })
      expect(await store.read.members.countWith(project.id, 'owner')).toBe(1)
      expect(await store.transaction(tables => tables.members.remove(project.id, operator.id))).toBe(true)
      expect(await store.transaction(tables => tables.members.remove(project.id, operator.id))).toBe(false)
      expect(await store.read.members.countWith(project.id, 'owner')).toBe(0)
    })
  })

  describe('keys', () => {
    async function aStoredKey() {
      const { project, operator } = await aManagedServer(opened.store)
      const other = aProject()
      const secret = newSecret()
      const key = aKey(operator.id, project.id, { description: 'CI', networks: ['10.0.0.0/8'], expiresAt: NOON + 1 })
      await opened.store.transaction(async tables => {
        await tables.projects.add(other)
        await tables.keys.add(key, secret)
      })
      return { project, other, operator, secret, key }
    }

    it('are matched by their private half, with their operator and its roles', async () => {
      const { store } = opened
      const { project, other, operator, secret, key } = await aStoredKey()
      await store.transaction(async tables => {
        await tables.keys.setProject(key.id, { projectId: other.id, role: 'viewer', scopes: ['database:read'] })
        await tables.members.set(other.id, operator.id, 'owner', NOON)
      })
      const match = await store.read.keys.match(secret)
      expect(match?.operator).toStrictEqual(operator)
      expect(match?.memberships).toStrictEqual(
        new Map([
          [project.id, 'admin'],
          [other.id, 'owner'],
        ]),
      )
      const { projects, ...rest } = match!.key
      expect({ ...rest, projects: key.projects }).toStrictEqual(key)
      expect(projects).toHaveLength(2)
      expect(projects).toContainEqual({ projectId: other.id, role: 'viewer', scopes: ['database:read'] })
    })

    it('are not matched by anything else', async () => {
      await aStoredKey()
      expect(await opened.store.read.keys.match(newSecret())).toBeUndefined()
    })

    it('of an operator without any project are matched all the same', async () => {
      const { store } = opened
      const operator = anOperator()
      const secret = newSecret()
      const key = aKey(operator.id, newProjectId(), { projects: [] })
      await store.transaction(async tables => {
        await tables.operators.add(operator)
        await tables.keys.add(key, secret)
      })
      expect(await store.read.keys.match(secret)).toStrictEqual({ key, operator, memberships: new Map() })
    })

    it('give the Digest halves of their realm by the public half', async () => {
      const { secret, key } = await aStoredKey()
      const found = await opened.store.read.keys.matchPublic(key.publicKey)
      const ha1 = (algorithm: string) =>
        createHash(algorithm).update(`${key.publicKey}:MMS Public API:${secret.reveal()}`).digest('hex')
      expect(found?.key).toStrictEqual(key)
      expect(found?.digest.md5.reveal()).toBe(ha1('md5'))
      expect(found?.digest.sha256.reveal()).toBe(ha1('sha256'))
    })

    it('are found by id and public half, and listed in the projects they name', async () => {
      const { store } = opened
      const { project, other, operator, key } = await aStoredKey()
      expect(await store.read.keys.find(key.id)).toStrictEqual(key)
      expect(await store.read.keys.findByPublicKey(key.publicKey)).toStrictEqual(key)
      expect((await store.read.keys.list(project.id, { limit: 10 })).items).toStrictEqual([key])
      expect((await store.read.keys.list(project.id, { limit: 10 }, operator.id)).items).toStrictEqual([key])
      expect((await store.read.keys.list(project.id, { limit: 10 }, 'someone')).items).toStrictEqual([])
      expect((await store.read.keys.list(other.id, { limit: 10 })).items).toStrictEqual([])
    })

    it('keep the moment of their first revocation, and are still matched: the caller decides', async () => {
      const { store } = opened
      const { secret, key } = await aStoredKey()
      await store.transaction(tables => tables.keys.revoke(key.id, NOON))
      await store.transaction(tables => tables.keys.revoke(key.id, NOON + 5))
      expect((await store.read.keys.match(secret))?.key.revokedAt).toBe(NOON)
    })

    it('write their use down once a minute at most', async () => {
      const { store } = opened
      const { key } = await aStoredKey()
      for (const at of [NOON, NOON + 59_999]) await store.transaction(tables => tables.keys.touch(key.id, at))
      expect((await store.read.keys.find(key.id))?.lastUsedAt).toBe(NOON)
      await store.transaction(tables => tables.keys.touch(key.id, NOON + 60_000))
      expect((await store.read.keys.find(key.id))?.lastUsedAt).toBe(NOON + 60_000)
    })
  })
}
