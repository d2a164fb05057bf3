import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { newInstanceId } from '../../../src/domain/id.ts'
import { Secret } from '../../../src/domain/secret.ts'
import type { Held } from '../../../src/store/interface/operations.ts'
import type { RecordPlan } from '../../../src/store/project-record.ts'
import { anOperation, aProject, aTarget, NOON } from '../builders.ts'
import type { Opened } from './harness.ts'

const HELD: Held = { worker: 'one', attempt: 1 }
const FAULT = { code: 'unavailable', subject: 'server', message: 'away', at: NOON } as const

export function projectRecords(opened: Opened): void {
  const project = aProject()
  const begin = async (change: RecordPlan['change'], own: Partial<RecordPlan> = {}, instances = [newInstanceId()]) => {
    const targets = instances.map(instanceId =>
      aTarget({ instanceId, subject: { kind: 'user', key: own.key ?? 'ada' } }),
    )
    const operation = anOperation({ projectId: project.id, targets })
    const plan = { projectId: project.id, kind: 'user', key: 'ada', operationId: operation.id, change, ...own } as const
    await opened.store.transaction(async tables => {
      await tables.operations.begin(operation)
      await tables.projectRecords.begin(plan, NOON)
    })
    return operation.id
  }
  const find = (key = 'ada') => opened.store.read.projectRecords.find(project.id, 'user', key)
  const settle = (id: string) =>
    opened.store.transaction(async tables => {
      await tables.operations.settle(id, HELD, [{}], [[]], NOON, 0)
      await tables.projectRecords.finish(id, 0)
    })

  describe('a user of a project', () => {
    beforeAll(() => opened.store.transaction(tables => tables.projects.add(project)))

    it('is nothing yet while it is made, and what was wanted once it is; its password is sealed', async () => {
      const id = await begin('create', { next: { roles: ['a'] }, password: new Secret('teal-Harbor') })
      expect(await find()).toMatchObject({ open: { operationId: id, change: 'create' }, places: {} })
      expect((await find())?.current).toBeUndefined()
      await settle(id)
      const made = await find()
      expect(made).toMatchObject({ current: { roles: ['a'] } })
      expect([made?.open, made?.password?.reveal()]).toEqual([undefined, 'teal-Harbor'])
    })

    it('stays as it was when a change is undone, and keeps its password through one that has none', async () => {
      const undone = await begin('change', { next: { roles: ['b'] }, password: new Secret('other') })
      await opened.store.transaction(async tables => {
        await tables.operations.undo(undone, HELD, FAULT, NOON)
        await tables.projectRecords.undo(undone)
      })
      expect(await find()).toMatchObject({ current: { roles: ['a'] } })
      await settle(await begin('change', { next: { roles: ['c'] } }))
      const changed = await find()
      expect([changed?.current, changed?.password?.reveal()]).toEqual([{ roles: ['c'] }, 'teal-Harbor'])
    })

    it('keeps no password once a new one is not to be kept', async () => {
      await settle(await begin('change', { password: new Secret('let go') }))
      const id = await begin('change', { password: null })
      expect((await find())?.password).toBeUndefined()
      await settle(id)
      expect((await find())?.password).toBeUndefined()
    })

    it('has one open change, and none once an operator has given that up', async () => {
      const first = await begin('change', { next: { roles: ['d'] } })
      await expect(begin('change')).rejects.toMatchObject({ code: 'conflict', subject: 'user' })
      await opened.store.transaction(tables => tables.operations.abandon(first, 'op', NOON))
      const known = await find()
      expect([known?.open, known?.current]).toEqual([undefined, { roles: ['c'] }])
      await settle(await begin('change', { next: { roles: ['e'] } }))
      expect((await find())?.current).toEqual({ roles: ['e'] })
    })

    it('has one open change, also where two begin at the very same time', async () => {
      const named = { projectId: project.id, kind: 'user', key: 'twice' } as const
      const record = { ...named, createdAt: NOON, places: {}, current: { roles: ['a'] } }
      await opened.store.transaction(tables => tables.projectRecords.put(record))
      const beginning = async (change: RecordPlan['change'], meanwhile: () => Promise<unknown>) => {
        const target = aTarget({ instanceId: newInstanceId(), subject: { kind: 'user', key: 'twice' } })
        const operation = anOperation({ projectId: project.id, targets: [target] })
        await opened.store.transaction(async tables => {
          await tables.operations.begin(operation)
          await tables.projectRecords.begin({ ...named, operationId: operation.id, change }, NOON)
          await meanwhile()
        })
        return operation.id
      }
      const begun = Promise.withResolvers<void>()
      const first = beginning('remove', async () => {
        begun.resolve()
        // Long enough that the other one waits for the row.
        await sleep(300)
      })
      await begun.promise
      const second = beginning('change', async () => undefined)
      await expect(second).rejects.toMatchObject({ code: 'conflict', subject: 'user' })
      expect(await find('twice')).toMatchObject({ open: { operationId: await first, change: 'remove' } })
      await opened.store.transaction(tables => tables.projectRecords.remove(named))
    })

    it('remembers where it was made, refused and dropped, and what was made is not refused later', async () => {
      const named = { projectId: project.id, kind: 'user', key: 'ada' } as const
      const move = (made: Record<string, string | null>, dropped: string[]) =>
        opened.store.transaction(tables => tables.projectRecords.move(named, made, dropped))
      await move({ one: 'first', two: null }, [])
      await move({ three: '' }, ['one'])
      expect((await find())?.places).toEqual({ two: null, three: '' })
      await move({ two: 'second', three: null }, [])
      expect((await find())?.places).toEqual({ two: 'second', three: '' })
    })

    it('has namesakes in other projects, each with its own places', async () => {
      const elsewhere = aProject()
      const [here, there] = [project, elsewhere].map(
        ({ id }) => ({ projectId: id, kind: 'user', key: 'namesake', createdAt: NOON, current: {} }) as const,
      )
      await opened.store.transaction(async tables => {
        await tables.projects.add(elsewhere)
        await tables.projectRecords.put({ ...here!, places: {} })
        await tables.projectRecords.put({ ...there!, places: { four: '' } })
        await tables.projectRecords.put({ ...there!, kind: 'role', places: {} })
      })
      const find = (projectId: string, key = 'namesake') =>
        opened.store.read.projectRecords.namesakes({ projectId, kind: 'user', key })
      expect(await find(project.id)).toMatchObject([{ ...there, places: { four: '' } }])
      expect(await find(elsewhere.id)).toMatchObject([{ ...here, places: {} }])
      expect(await find(project.id, 'nobody')).toEqual([])
      await opened.store.transaction(tables => tables.projectRecords.remove(here!))
    })

    it('goes when it is gone from the last of its servers, and not before', async () => {
      const id = await begin('remove')
      await opened.store.transaction(tables => tables.projectRecords.finish(id, 1))
      expect(await find()).toMatchObject({ open: { change: 'remove' } })
      await settle(id)
      expect(await find()).toBeUndefined()
    })

    it('that was never made leaves nothing; they are listed by creation', async () => {
      const undone = await begin('create', { key: 'bob', next: {} })
      await opened.store.transaction(tables => tables.projectRecords.undo(undone))
      expect(await find('bob')).toBeUndefined()
      for (const [key, createdAt] of [
        ['later', 2],
        ['early', 1],
      ] as const) {
        const record = { projectId: project.id, kind: 'user', key, createdAt, places: {}, current: {} } as const
        await opened.store.transaction(tables => tables.projectRecords.put(record))
      }
      const all = await opened.store.read.projectRecords.list(project.id, 'user')
      expect(all.map(({ key }) => key)).toEqual(['early', 'later'])
      expect(await opened.store.read.projectRecords.projects()).toContain(project.id)
      await opened.store.transaction(tables => tables.projectRecords.remove(all[0]!))
      expect(await find('early')).toBeUndefined()
    })
  })

  describe('an operation on several servers', () => {
    it('comes to its end target by target, and settles with the last', async () => {
      const instances = [newInstanceId(), newInstanceId()]
      const id = await begin('create', { key: 'several', next: {} }, instances)
      const finish = (position: number, held = HELD) =>
        opened.store.transaction(tables =>
          tables.operations.finishTargets(id, held, [{ position, outcome: {}, steps: [] }], NOON, NOON),
        )
      expect(await finish(0, { worker: 'other', attempt: 1 })).toBeUndefined()
      expect(await finish(0)).toBe(1)
      const half = await opened.store.read.operations.find(id)
      expect([half?.state, half?.targets.map(({ isOver }) => isOver)]).toEqual(['open', [true, undefined]])
      expect(await opened.store.read.operations.countOpen(instances[0]!)).toBe(0)
      expect(await finish(1)).toBe(0)
      expect(await opened.store.read.operations.find(id)).toMatchObject({ state: 'settled', settledAt: NOON })
    })

    it('keeps a new password of each target, sealed, until its caller has it', async () => {
      const instances = [newInstanceId(), newInstanceId()]
      const id = await begin('change', { key: 'told', next: {} }, instances)
      const password = new Secret('made for two servers')
      const finish = (position: number) =>
        opened.store.transaction(tables =>
          tables.operations.finishTargets(id, HELD, [{ position, outcome: { password }, steps: [] }], NOON, NOON + 1),
        )
      await finish(0)
      await finish(1)
      expect((await opened.store.read.operations.find(id))?.answer).toBe('undelivered')
      const outcomes = await opened.store.read.operations.outcomes(id)
      expect(outcomes?.map(one => one.password?.reveal())).toEqual(Array(2).fill('made for two servers'))
      await opened.store.transaction(tables => tables.operations.delivered(id))
      expect((await opened.store.read.operations.outcomes(id))?.map(one => one.password)).toEqual([
        undefined,
        undefined,
      ])
    })

    it('may be turned round, and a target that waits may be taken the place of', async () => {
      const [one, two] = [newInstanceId(), newInstanceId()]
      const id = await begin('create', { key: 'turned', next: {} }, [one, two])
      const change = { kind: 'undo-create-user', key: { name: 'turned' } } as const
      const subject = { kind: 'user', key: JSON.stringify(['turned', '', '']) } as const
      await opened.store.transaction(tables =>
        tables.operations.turnBack(id, HELD, [{ position: 1, change, record: { fanOut: {} } }]),
      )
      expect((await opened.store.read.operations.find(id))?.targets[1]).toMatchObject({
        kind: 'undo-create-user',
        change,
      })
      const again = { kind: 'replace-user', key: { name: 'turned' }, password: new Secret('teal-Harbor') } as const
      await opened.store.transaction(tables => tables.operations.turnBack(id, HELD, [{ position: 1, change: again }]))
      const turned = (await opened.store.read.operations.find(id))?.targets[1]?.change
      expect([turned?.kind, turned && 'password' in turned && turned.password?.reveal()]).toEqual([
        'replace-user',
        'teal-Harbor',
      ])
      const supersede = () => opened.store.transaction(tables => tables.operations.supersede(two, subject, NOON))
      // Somebody works on it.
      expect(await supersede()).toBeUndefined()
      await opened.store.transaction(tables => tables.operations.postpone(id, HELD, FAULT, NOON))
      expect(await supersede()).toBe(id)
      expect(await opened.store.read.operations.countOpen(two)).toBe(0)
      expect((await opened.store.read.operations.find(id))?.state).toBe('open')
    })
  })
}
