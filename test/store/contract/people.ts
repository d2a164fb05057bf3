import { describe, expect, it } from 'vitest'
import type { Invitation } from '../../../src/domain/callers/invitation.ts'
import { newShortId } from '../../../src/domain/id.ts'
import { newSecret } from '../../../src/domain/secret.ts'
import { aKey, aManagedServer, anOperator, aProject, NOON } from '../builders.ts'
import type { Opened } from './harness.ts'

/** How people come into a project and leave it. */
export function people(opened: Opened): void {
  async function invitations() {
    const { project, operator } = await aManagedServer(opened.store)
    const sent = { projectId: project.id, senderId: operator.id, role: 'viewer', createdAt: NOON } as const
    const anInvitation = (own: Partial<Invitation> = {}): Invitation => {
      const id = newShortId()
      return { ...sent, id, email: `${id}@example.test`, expiresAt: NOON + 1_000, ...own }
    }
    return { project, operator, anInvitation }
  }

  describe('invitations', () => {
    it('are found by their id and by their code, and by nothing else', async () => {
      const { store } = opened
      const { project, anInvitation } = await invitations()
      const [code, to] = [newSecret(), { kind: 'team', id: 'team1234', role: 'admin' } as const]
      const [plain, thing] = [anInvitation(), anInvitation({ to, email: 'ADA@example.test', createdAt: NOON + 1 })]
      await store.transaction(async tables => {
        await tables.invitations.add(plain, newSecret())
        await tables.invitations.add(thing, code)
      })
      expect(await store.read.invitations.find(plain.id)).toStrictEqual(plain)
      expect(await store.read.invitations.findByCode(code)).toStrictEqual(thing)
      expect(await store.read.invitations.findByCode(newSecret())).toBeUndefined()
      expect(await store.read.invitations.list(project.id)).toStrictEqual([plain, thing])
      expect(await store.read.invitations.list(project.id, 'ada@')).toStrictEqual([thing])
      // PostgreSQL takes no NUL in a question.
      expect(await store.read.invitations.list(project.id, 'ada\u0000@')).toStrictEqual([])
      expect(await opened.under.everything()).not.toContain(code.reveal())
    })

    it('are removed once, and when their time is over', async () => {
      const { store } = opened
      const { project, anInvitation } = await invitations()
      const [one, late] = [anInvitation(), anInvitation({ expiresAt: NOON })]
      await store.transaction(async tables => {
        await tables.invitations.add(one, newSecret())
        await tables.invitations.add(late, newSecret())
        await tables.invitations.sweep(NOON)
      })
      expect(await store.read.invitations.list(project.id)).toStrictEqual([one])
      expect(await store.transaction(tables => tables.invitations.remove(one.id))).toBe(true)
      expect(await store.transaction(tables => tables.invitations.remove(one.id))).toBe(false)
    })

    it('go with whoever sent them', async () => {
      const { store } = opened
      const { project, operator, anInvitation } = await invitations()
      await store.transaction(async tables => {
        await tables.invitations.add(anInvitation(), newSecret())
        await tables.members.remove(project.id, operator.id)
      })
      expect(await store.read.invitations.list(project.id)).toStrictEqual([])
    })
  })

  describe('an operator that leaves', () => {
    it('takes its memberships and keys along', async () => {
      const { store } = opened
      const { project, operator } = await aManagedServer(store)
      const [secret, other] = [newSecret(), aProject()]
      await store.transaction(async tables => {
        await tables.projects.add(other)
        await tables.members.set(other.id, operator.id, 'viewer', NOON)
        await tables.keys.add(aKey(operator.id, project.id), secret)
      })
      const projects = (await store.read.members.listOf(operator.id)).map(({ projectId }) => projectId)
      expect(projects).toStrictEqual([project.id, other.id].toSorted())
      expect(await store.transaction(tables => tables.operators.remove(operator.id))).toBe(true)
      expect(await store.transaction(tables => tables.operators.remove(operator.id))).toBe(false)
      expect(await store.read.operators.find(operator.id)).toBeUndefined()
      expect(await store.read.members.listOf(operator.id)).toStrictEqual([])
      expect(await store.read.keys.match(secret)).toBeUndefined()
    })

    it('may have its keys lead to another project, and to the former one no more', async () => {
      const { store } = opened
      const [operator, from, to] = [anOperator(), aProject(), aProject()]
      const key = aKey(operator.id, from.id)
      const opens = { projectId: to.id, role: 'owner', scopes: ['database:read'] } as const
      await store.transaction(async tables => {
        await tables.operators.add(operator)
        for (const project of [from, to]) await tables.projects.add(project)
        await tables.keys.add(key, newSecret())
        await tables.keys.move(key.id, from.id, opens)
      })
      expect(await store.read.keys.find(key.id)).toStrictEqual({ ...key, homeProjectId: to.id, projects: [opens] })
    })
  })

  it('a project that is held lets nobody else hold it until that transaction is over', async () => {
    const { store } = opened
    const project = aProject()
    await store.transaction(tables => tables.projects.add(project))
    const order: string[] = []
    const held = Promise.withResolvers<void>()
    const first = store.transaction(async tables => {
      await tables.projects.hold(project.id)
      held.resolve()
      await new Promise(resolve => setTimeout(resolve, 100))
      order.push('first')
    })
    await held.promise
    const second = store.transaction(async tables => {
      await tables.projects.hold(project.id)
      order.push('second')
    })
    await Promise.all([first, second])
    expect(order).toEqual(['first', 'second'])
  })

  it('a project that is held is as it was found', async () => {
    const project = aProject()
    await opened.store.transaction(async tables => {
      await tables.projects.add(project)
      expect(await tables.projects.hold(project.id)).toStrictEqual(project)
      expect(await tables.projects.hold('0'.repeat(24))).toBeUndefined()
    })
  })
}
