import { describe, expect, it } from 'vitest'
import type { TargetOutcome } from '../../../src/domain/operations/operation.ts'
import { Secret } from '../../../src/domain/secret.ts'
import { anOperation, aReplay, aTarget, NOON } from '../builders.ts'
import type { Opened } from './harness.ts'

const HELD = { worker: 'one', attempt: 1 }
const UNTIL = NOON + 86_400_000

export function answers(opened: Opened): void {
  const settled = async (answerUntil = UNTIL) => {
    const operation = anOperation({ targets: [aTarget(), aTarget()] })
    await opened.store.transaction(async tables => {
      await tables.operations.begin(operation)
      const outcomes = [{ password: new Secret('handed over') }, {}]
      await tables.operations.settle(operation.id, HELD, outcomes, [[], []], NOON, answerUntil)
    })
    return operation
  }
  const passwords = (outcomes: readonly TargetOutcome[] | undefined) =>
    outcomes?.map(outcome => outcome.password?.reveal())
  const stateOf = async (id: string) => (await opened.store.read.operations.find(id))?.answer

  describe('an answer', () => {
    it('that was not delivered is taken by its own caller, once and in time', async () => {
      const { store } = opened
      const { id } = await settled()
      const take = (operatorId: string, now = NOON) =>
        store.transaction(tables => tables.operations.takeAnswer(id, operatorId, now))
      expect(await take('eve12345')).toBeUndefined()
      expect(await take('ada12345', UNTIL)).toBeUndefined()
      expect(passwords(await take('ada12345'))).toEqual(['handed over', undefined])
      expect(await take('ada12345')).toBeUndefined()
      expect(await stateOf(id)).toBe('delivered')
      expect(passwords(await store.read.operations.outcomes(id))).toEqual([undefined, undefined])
    })

    it('is taken by one of two who ask at the same moment', async () => {
      const { store, under } = opened
      const { id } = await settled()
      const second = await under.open()
      const race = [store, second, store, second].map(one =>
        one.transaction(tables => tables.operations.takeAnswer(id, 'ada12345', NOON)),
      )
      const taken = (await Promise.all(race)).filter(outcomes => outcomes !== undefined)
      await second.close()
      expect(taken.map(passwords)).toEqual([['handed over', undefined]])
    })

    it('that was delivered is forgotten', async () => {
      const { store } = opened
      const { id } = await settled()
      expect(passwords(await store.read.operations.outcomes(id))).toEqual(['handed over', undefined])
      await store.transaction(tables => tables.operations.delivered(id))
      expect(await stateOf(id)).toBe('delivered')
      expect(passwords(await store.read.operations.outcomes(id))).toEqual([undefined, undefined])
      const again = store.transaction(tables => tables.operations.takeAnswer(id, 'ada12345', NOON))
      expect(await again).toBeUndefined()
    })

    it('that is delivered and may be asked for again is kept until its time is over', async () => {
      const { store } = opened
      const { id } = await settled(NOON + 5)
      await store.transaction(tables => tables.operations.delivered(id, true))
      expect(passwords(await store.read.operations.outcomes(id))).toEqual(['handed over', undefined])
      await store.transaction(tables => tables.operations.sweep(NOON + 5))
      expect(await stateOf(id)).toBe('delivered')
      expect(passwords(await store.read.operations.outcomes(id))).toEqual([undefined, undefined])
    })

    it('that nobody fetched is swept when its time is over, not before', async () => {
      const { store } = opened
      const { id } = await settled(NOON + 7)
      await store.transaction(tables => tables.operations.sweep(NOON + 6))
      expect(await stateOf(id)).toBe('undelivered')
      expect(await store.transaction(tables => tables.operations.sweep(NOON + 7))).toBeGreaterThan(0)
      expect(await stateOf(id)).toBe('none')
      expect(passwords(await store.read.operations.outcomes(id))).toEqual([undefined, undefined])
    })

    it('is none where there is nothing to hand over, and there is none before the end', async () => {
      const { store } = opened
      const { id } = await settled(0)
      expect(await stateOf(id)).toBe('none')
      expect(passwords(await store.read.operations.outcomes(id))).toEqual([undefined, undefined])
      const open = anOperation()
      await store.transaction(tables => tables.operations.begin(open))
      expect(await store.read.operations.outcomes(open.id)).toBeUndefined()
    })
  })

  describe('a replay', () => {
    it('is found with its answer until its time is over', async () => {
      const { store } = opened
      const answer = { status: 201, headers: { etag: '"1"' }, body: '{"password":"x"}' }
      const replay = aReplay({ operationId: 'op_1', answer })
      await store.transaction(tables => tables.replays.add(replay))
      const find = (now: number) => store.read.replays.find(replay.keyId, replay.replayKey, now)
      expect(await find(NOON)).toEqual(replay)
      expect(await find(replay.until)).toBeUndefined()
    })

    it('is refused while its key is taken, and allowed again afterwards', async () => {
      const { store } = opened
      const now = await store.now()
      const replay = aReplay({ until: now + 60_000 })
      await store.transaction(tables => tables.replays.add(replay))
      const again = store.transaction(tables => tables.replays.add(replay))
      await expect(again).rejects.toMatchObject({ code: 'exists', subject: 'request' })
      await store.transaction(tables => tables.replays.save({ ...replay, claim: replay.until, until: now - 1 }))
      await store.transaction(tables => tables.replays.add({ ...replay, requestHash: 'other' }))
      expect(await store.read.replays.find(replay.keyId, 'once', now)).toMatchObject({ requestHash: 'other' })
    })

    it('gets its answer later, and is removed', async () => {
      const { store } = opened
      const replay = aReplay()
      await store.transaction(tables => tables.replays.add(replay))
      expect(await store.read.replays.find(replay.keyId, 'once', NOON)).toEqual(replay)
      const answered = { ...replay, answer: { status: 200, headers: {}, body: '' } }
      await store.transaction(tables => tables.replays.save({ ...answered, claim: replay.until }))
      expect(await store.read.replays.find(replay.keyId, 'once', NOON)).toEqual(answered)
      await store.transaction(tables => tables.replays.remove({ ...replay, claim: replay.until }))
      expect(await store.read.replays.find(replay.keyId, 'once', NOON)).toBeUndefined()
    })

    it('is no longer in the hands of a request whose key was claimed anew', async () => {
      const { store } = opened
      const [first, second] = [aReplay({ until: NOON }), aReplay({ until: NOON + 30_000 })]
      const mine = { ...first, claim: first.until, until: NOON + 86_400_000 }
      await store.transaction(tables => tables.replays.add({ ...second, keyId: first.keyId }))
      const late = store.transaction(tables => tables.replays.save({ ...mine, operationId: 'op_late' }))
      await expect(late).rejects.toMatchObject({ code: 'conflict', subject: 'request' })
      await store.transaction(tables => tables.replays.remove(mine))
      expect(await store.read.replays.find(first.keyId, 'once', NOON)).toMatchObject({ until: second.until })
    })

    it('is not removed by who does not know that its operation has begun', async () => {
      const { store } = opened
      const replay = aReplay()
      await store.transaction(tables => tables.replays.add(replay))
      const begun = { ...replay, claim: replay.until, operationId: 'op_begun' }
      await store.transaction(tables => tables.replays.save(begun))
      await store.transaction(tables => tables.replays.remove({ ...replay, claim: replay.until }))
      expect(await store.read.replays.find(replay.keyId, 'once', NOON)).toMatchObject({ operationId: 'op_begun' })
      await store.transaction(tables => tables.replays.remove(begun))
      expect(await store.read.replays.find(replay.keyId, 'once', NOON)).toBeUndefined()
    })

    it('is freed at a start unless it has an operation or an answer', async () => {
      const { store } = opened
      const [running, made] = [aReplay(), aReplay({ operationId: 'op_1' })]
      for (const replay of [running, made]) await store.transaction(tables => tables.replays.add(replay))
      await store.transaction(tables => tables.replays.removeUnfinished())
      expect(await store.read.replays.find(running.keyId, 'once', NOON)).toBeUndefined()
      expect(await store.read.replays.find(made.keyId, 'once', NOON)).toEqual(made)
    })

    it('compares requests by a keyed hash', async () => {
      const { replays } = opened.store.read
      expect(replays.hash('one')).toBe(replays.hash('one'))
      expect(replays.hash('one')).not.toBe(replays.hash('two'))
    })
  })
}
