import { describe, expect, it } from 'vitest'
import type { Fault } from '../../../src/domain/fault.ts'
import { newInstanceId, newProjectId } from '../../../src/domain/id.ts'
import { Secret } from '../../../src/domain/secret.ts'
import type { Held, NewOperation } from '../../../src/store/interface/operations.ts'
import { anOperation, aTarget, NOON } from '../builders.ts'
import type { Opened } from './harness.ts'

const ONE: Held = { worker: 'one', attempt: 1 }
const FAULT = { code: 'unavailable', subject: 'server', message: 'away', at: NOON } as const
/** Claims of these tests are about a time that no other test of the file claims in. */
let year = Date.UTC(3000, 0)
const aYear = () => (year += 366 * 86_400_000)

export function ledger(opened: Opened): void {
  const begin = async (own: Partial<NewOperation> = {}) => {
    const operation = anOperation(own)
    await opened.store.transaction(tables => tables.operations.begin(operation))
    return operation
  }

  describe('an operation', () => {
    it('is found as it was begun, first attempt counted', async () => {
      const { store } = opened
      const record = { validUntil: 5 }
      const targets = [
        aTarget({ name: 'ada', incarnation: '7', record }),
        aTarget({
          subject: { kind: 'database', key: 'orders' },
          change: { kind: 'create-database', database: { name: 'orders' } },
          steps: [
            { database: 'postgres', statement: 'create database orders', why: 'it is missing' },
            { statement: 'comment on database', why: 'to mark it' },
          ],
        }),
      ]
      const { worker: _worker, leaseUntil: _lease, ...begun } = await begin({ keyId: 'k', targets })
      const found = await store.read.operations.find(begun.id)
      const { change, ...first } = found!.targets[0]!
      expect(change.kind === 'reset-user' && change.password.reveal()).toBe('a new password')
      const { change: _, ...asBegun } = targets[0]!
      expect(first).toStrictEqual({ ...asBegun, kind: 'reset-user' })
      expect(found!.targets[1]).toStrictEqual({ ...targets[1], kind: 'create-database' })
      const rest = { ...found, targets: begun.targets }
      expect(rest).toStrictEqual({ ...begun, state: 'open', attempts: 1, answer: 'none' })
    })

    it('is the only open one on its subject, until it is closed', async () => {
      const { store } = opened
      const target = aTarget()
      const first = await begin({ targets: [aTarget(), target] })
      await expect(begin({ targets: [target] })).rejects.toMatchObject({ code: 'conflict', subject: 'user' })
      expect((await store.read.operations.findOpen(target.instanceId, target.subject))?.id).toBe(first.id)
      expect(await store.read.operations.countOpen(target.instanceId)).toBe(1)
      await store.transaction(tables => tables.operations.settle(first.id, ONE, [{}, {}], [[], []], NOON, 0))
      expect(await store.read.operations.findOpen(target.instanceId, target.subject)).toBeUndefined()
      expect(await store.read.operations.countOpen(target.instanceId)).toBe(0)
      await begin({ targets: [target] })
    })

    it('is counted in the backlog until its end, and apart while it waits for its next try', async () => {
      const { store } = opened
      const counts = async () => {
        const { open, openTargets, stuck, stuckTargets } = await store.read.operations.backlog()
        return [open, openTargets, stuck, stuckTargets]
      }
      const before = await counts()
      const more = (...figures: number[]) => figures.map((figure, at) => figure + before[at]!)
      const { id } = await begin({ targets: [aTarget(), aTarget()], createdAt: 5 })
      expect(await counts()).toEqual(more(1, 2, 0, 0))
      expect((await store.read.operations.backlog()).oldestOpen).toBe(5)
      await store.transaction(tables => tables.operations.postpone(id, ONE, FAULT, NOON))
      expect(await counts()).toEqual(more(0, 0, 1, 2))
      expect((await store.read.operations.backlog()).oldestStuck).toBe(5)
      await store.transaction(tables => tables.operations.abandon(id, 'somebody', NOON))
      expect(await counts()).toEqual(before)
    })

    it('wins its subject once, whoever begins at the same moment', async () => {
      const target = aTarget()
      const second = await opened.under.open()
      const race = Array.from({ length: 12 }, (_, at) =>
        (at % 2 ? second : opened.store).transaction(tables =>
          tables.operations.begin(anOperation({ targets: [target] })),
        ),
      )
      const ends = await Promise.allSettled(race)
      await second.close()
      const lost = ends.filter(end => end.status === 'rejected').map(end => (end.reason as Fault).code)
      expect(lost).toEqual(Array.from({ length: 11 }, () => 'conflict'))
      expect(await opened.store.read.operations.countOpen(target.instanceId)).toBe(1)
    })

    it('does not leave a trace when one of its subjects is taken', async () => {
      const taken = aTarget()
      await begin({ targets: [taken] })
      const operation = anOperation({ targets: [aTarget(), taken] })
      await expect(begin(operation)).rejects.toMatchObject({ code: 'conflict' })
      expect(await opened.store.read.operations.find(operation.id)).toBeUndefined()
    })

    it('settles with its outcome and the steps that ran, its password forgotten', async () => {
      const { store } = opened
      const { id } = await begin()
      const user = { name: 'ada', locked: false, settings: {}, engineRoles: [], grants: [], flags: [] }
      const steps = [[{ statement: 'really ran', why: 'so' }]]
      const settled = await store.transaction(tables =>
        tables.operations.settle(id, ONE, [{ user, password: new Secret('handed over') }], steps, NOON, NOON + 10),
      )
      expect(settled).toBe(true)
      const found = await store.read.operations.find(id)
      expect(found).toMatchObject({ state: 'settled', settledAt: NOON, answer: 'undelivered' })
      expect(found!.targets[0]!.steps).toStrictEqual(steps[0])
      expect(found!.targets[0]!.outcome).toStrictEqual({ user })
      const { change } = found!.targets[0]!
      expect(() => change.kind === 'reset-user' && change.password.reveal()).toThrow('not kept any more')
    })

    it('settles with the steps that were written, where they ran as they were', async () => {
      const { store } = opened
      const steps = [{ statement: 'as planned', why: 'so' }]
      const { id } = await begin({ targets: [aTarget({ steps })] })
      expect(await store.transaction(tables => tables.operations.settle(id, ONE, [{}], undefined, NOON, 0))).toBe(true)
      expect((await store.read.operations.find(id))!.targets[0]!.steps).toStrictEqual(steps)
    })

    it('keeps each operation, target and step apart, however many are begun at once', async () => {
      const { store } = opened
      const many = [1, 2, 9].map(count => ({
        targets: Array.from({ length: count }, () =>
          aTarget({ steps: Array.from({ length: count }, (_, at) => ({ statement: `${count} ${at}`, why: 'so' })) }),
        ),
      }))
      const operations = await Promise.all(many.map(one => begin(one)))
      for (const [at, { id }] of operations.entries()) {
        const { targets } = (await store.read.operations.find(id))!
        const [found, written] = [targets, many[at]!.targets].map(all =>
          all.map(({ subject, steps }) => ({ subject, steps })),
        )
        expect(found).toEqual(written)
      }
    })

    it('settles in part: what was not done has no outcome, and the reason is told', async () => {
      const { store } = opened
      const { id } = await begin({ targets: [aTarget(), aTarget()] })
      const steps = [[{ statement: 'really ran', why: 'so' }], []]
      const settle = (held: Held) =>
        store.transaction(tables => tables.operations.settle(id, held, [{}, undefined], steps, NOON, 0, FAULT))
      expect([await settle({ worker: 'two', attempt: 1 }), await settle(ONE)]).toEqual([false, true])
      const found = await store.read.operations.find(id)
      expect(found).toMatchObject({ state: 'settled', lastFault: FAULT })
      expect(found!.targets.map(({ outcome }) => outcome)).toEqual([{}, undefined])
    })

    it('begins anew from how things are when its turn comes, for the attempt that holds it', async () => {
      const { store } = opened
      const { id } = await begin({ targets: [aTarget({ incarnation: '7', record: { username: 'eve' } }), aTarget()] })
      const seen = { incarnation: '8', steps: [{ statement: 'later', why: 'so' }], record: { username: 'ada' } }
      const replan = (held: Held) =>
        store.transaction(tables => tables.operations.replan(id, held, [seen, { ...seen, incarnation: undefined }]))
      expect([await replan({ worker: 'one', attempt: 2 }), await replan(ONE)]).toEqual([false, true])
      const found = await store.read.operations.find(id)
      expect(found).toMatchObject({ state: 'open', attempts: 1, targets: [seen, { steps: seen.steps }] })
      expect(found!.targets[1]!.incarnation).toBeUndefined()
    })

    it('is undone with its reason', async () => {
      const { store } = opened
      const { id } = await begin()
      expect(await store.transaction(tables => tables.operations.undo(id, ONE, FAULT, NOON))).toBe(true)
      const found = await store.read.operations.find(id)
      expect(found).toMatchObject({ state: 'undone', settledAt: NOON, lastFault: FAULT, answer: 'none' })
    })

    it('is abandoned by an operator, whoever holds it, and once', async () => {
      const { store } = opened
      const { id, targets } = await begin()
      const abandon = () => store.transaction(tables => tables.operations.abandon(id, 'eve', NOON))
      expect(await abandon()).toBe(true)
      expect(await abandon()).toBe(false)
      expect(await store.read.operations.find(id)).toMatchObject({ state: 'undone', abandonedBy: 'eve' })
      expect(await store.transaction(tables => tables.operations.settle(id, ONE, [{}], [[]], NOON, 0))).toBe(false)
      await begin({ targets })
    })

    it('is stuck between two tries, and is hurried on request', async () => {
      const { store } = opened
      const projectId = newProjectId()
      const { id } = await begin({ projectId })
      const stuck = async () =>
        (await store.read.operations.list({ projectId, state: 'stuck' }, { limit: 9 })).items.length
      expect(await stuck()).toBe(0)
      expect(await store.transaction(tables => tables.operations.hurry(id, NOON))).toBe(false)
      const later = aYear()
      await store.transaction(tables => tables.operations.postpone(id, ONE, FAULT, later))
      expect(await store.read.operations.find(id)).toMatchObject({ nextTryAt: later, lastFault: FAULT, state: 'open' })
      expect(await stuck()).toBe(1)
      expect(await store.transaction(tables => tables.operations.hurry(id, NOON))).toBe(true)
      const [claimed] = await store.transaction(tables => tables.operations.claim('two', NOON, NOON + 1, 1))
      expect(claimed).toMatchObject({ id, attempts: 2, worker: 'two' })
      expect(await stuck()).toBe(0)
      await store.transaction(tables => tables.operations.abandon(id, 'eve', NOON))
    })

    it('is listed by state, instance, subject and a part of its name', async () => {
      const { store } = opened
      const projectId = newProjectId()
      const target = aTarget({ name: 'Ada Lovelace' })
      const ada = await begin({ projectId, targets: [target, aTarget()] })
      const bob = await begin({ projectId, targets: [aTarget({ name: 'bob', instanceId: target.instanceId })] })
      await store.transaction(tables => tables.operations.undo(bob.id, ONE, FAULT, NOON))
      const list = async (filter: object, q?: string) =>
        (await store.read.operations.list({ projectId, ...filter }, { limit: 9, q })).items.map(({ id }) => id)
      expect(await list({ state: 'open' })).toEqual([ada.id])
      expect(await list({ state: 'undone' })).toEqual([bob.id])
      expect(await list({ state: 'settled' })).toEqual([])
      expect(await list({ instanceId: target.instanceId })).toHaveLength(2)
      expect(await list({ instanceId: target.instanceId, subject: target.subject })).toEqual([ada.id])
      expect(await list({ subject: target.subject })).toEqual([ada.id])
      expect(await list({}, 'LOVE')).toEqual([ada.id])
      expect(await list({ projectId: newProjectId() })).toEqual([])
    })
  })

  describe('a lease', () => {
    it('is renewed for what is still its own', async () => {
      const { store } = opened
      const mine = await begin({ worker: 'renewer' })
      const lost = await begin({ worker: 'another' })
      const done = await begin({ worker: 'renewer' })
      await store.transaction(tables => tables.operations.undo(done.id, { worker: 'renewer', attempt: 1 }, FAULT, NOON))
      const first = ({ id }: { readonly id: string }) => ({ operationId: id, attempt: 1 })
      const attempts = [first(mine), first(lost), first(done)]
      const renewed = await store.transaction(tables => tables.operations.renew('renewer', attempts, NOON + 60_000))
      expect(renewed).toEqual([first(mine)])
      expect(await store.transaction(tables => tables.operations.renew('renewer', [], NOON))).toEqual([])
    })

    it('of an earlier attempt of the same worker is not renewed by it', async () => {
      const { store } = opened
      const now = aYear()
      const { id } = await begin({ worker: 'again', leaseUntil: now - 1 })
      await store.transaction(tables => tables.operations.claim('again', now, now + 5_000, 1_000))
      const renew = (attempt: number) =>
        store.transaction(tables => tables.operations.renew('again', [{ operationId: id, attempt }], now + 9_000))
      expect([await renew(1), await renew(2)]).toEqual([[], [{ operationId: id, attempt: 2 }]])
    })

    it('that ran out lets another worker take the operation up, with everything needed to finish it', async () => {
      const { store } = opened
      const now = aYear()
      const record = { labels: { team: 'a' } }
      const { id } = await begin({ createdAt: 0, leaseUntil: now, targets: [aTarget({ record })] })
      const claim = async (at: number) => {
        const claimed = await store.transaction(tables => tables.operations.claim('two', at, at + 10, 1_000))
        return claimed.find(operation => operation.id === id)
      }
      expect(await claim(now - 1)).toBeUndefined()
      const claimed = await claim(now)
      expect(claimed).toMatchObject({ id, worker: 'two', attempts: 2, targets: [{ record }] })
      const { change } = claimed!.targets[0]!
      expect(change.kind === 'reset-user' && change.password.reveal()).toBe('a new password')
    })

    it('that was lost lets its old holder settle, undo or postpone nothing', async () => {
      const { store } = opened
      const now = aYear()
      const { id } = await begin({ createdAt: 0, leaseUntil: now })
      await store.transaction(tables => tables.operations.claim('one', now, now + 10, 1_000))
      for (const held of [ONE, { worker: 'two', attempt: 2 }]) {
        const lost = await store.transaction(async tables => [
          await tables.operations.settle(id, held, [{}], [[]], NOON, 0),
          await tables.operations.undo(id, held, FAULT, NOON),
          await tables.operations.postpone(id, held, FAULT, NOON),
        ])
        expect(lost).toEqual([false, false, false])
      }
      const held = { worker: 'one', attempt: 2 }
      expect(await store.transaction(tables => tables.operations.settle(id, held, [{}], [[]], NOON, 0))).toBe(true)
    })

    it('is never given to two workers', async () => {
      const due = aYear()
      const instanceId = newInstanceId()
      const begun = []
      for (let at = 0; at < 40; at += 1) {
        begun.push(await begin({ createdAt: 0, leaseUntil: due, targets: [aTarget({ instanceId })] }))
      }
      const second = await opened.under.open()
      const takeAll = async (store: typeof second, worker: string) => {
        const taken: string[] = []
        for (let batch = ['']; batch.length > 0; taken.push(...batch)) {
          const claimed = await store.transaction(tables => tables.operations.claim(worker, due, due + 10, 3))
          expect(claimed.length).toBeLessThanOrEqual(3)
          batch = claimed.map(operation => operation.id)
        }
        return taken
      }
      const workers = [opened.store, second, opened.store, second].map((store, at) => takeAll(store, `worker ${at}`))
      const taken = (await Promise.all(workers)).flat()
      await second.close()
      expect(new Set(taken).size).toBe(taken.length)
      expect(taken).toEqual(expect.arrayContaining(begun.map(({ id }) => id)))
    })
  })
}
