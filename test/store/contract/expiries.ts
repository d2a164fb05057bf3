import { describe, expect, it } from 'vitest'
import { userKeyText } from '../../../src/domain/users/user.ts'
import type { ClaimedExpiry } from '../../../src/store/interface/users.ts'
import { aManagedServer, aUserRecord } from '../builders.ts'
import type { Opened } from './harness.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const FAULT = { code: 'in_use', subject: 'user', message: 'it owns 1 table', at: 7 } as const
/** Ends of these tests are at times at which no other test of the file looks. */
let year = Date.UTC(2400, 0)

export function expiries(opened: Opened): void {
  /** Logins of a server of their own that all fall due at the same moment. */
  async function due(...names: readonly string[]) {
    const { store } = opened
    const { instance } = await aManagedServer(store)
    year += 366 * DAY
    const at = year
    const records = names.map(name =>
      aUserRecord(instance.id, { key: userKeyText({ name }), incarnation: `of ${name}`, validUntil: at }),
    )
    await store.transaction(async tables => {
      for (const record of records) await tables.users.put(record)
    })
    const keys = records.map(({ key }) => key)
    const claim = (worker: string, now: number, limit = 10, which?: 'open') =>
      store.transaction(tables => tables.expiries.claim(instance.id, worker, now, now + MINUTE, limit, which))
    const find = async (key = keys[0]!) => (await store.read.expiries.findMany(instance.id, keys)).get(key)
    const isWaiting = async (now: number) => (await store.read.expiries.waitingInstances(now)).includes(instance.id)
    const change = (record: object) => store.transaction(tables => tables.users.put({ ...records[0]!, ...record }))
    return { store, instance, at, keys, claim, find, isWaiting, change }
  }

  describe('the end of a login', () => {
    it('waits until its moment, and is then claimed by one, until the lease ends', async () => {
      const { at, claim, isWaiting } = await due('ada', 'bob', 'eve')
      expect([await isWaiting(at - 1), await isWaiting(at)]).toEqual([false, true])
      expect(await claim('one', at - 1)).toEqual([])
      const both = await Promise.all([claim('one', at, 2), claim('other', at, 2)])
      expect(
        both
          .flat()
          .map(({ key }) => key)
          .sort(),
      ).toEqual(['ada', 'bob', 'eve'].map(name => userKeyText({ name })))
      expect(await isWaiting(at + MINUTE - 1)).toBe(false)
      expect((await claim('other', at + MINUTE)).map(({ tries, worker }) => [tries, worker])).toEqual(
        Array(3).fill([2, 'other']),
      )
    })

    it('tells how it goes on, to whoever holds it', async () => {
      const { store, at, claim, find } = await due('ada')
      const [held] = await claim('one', at)
      const stale: ClaimedExpiry = { ...held!, worker: 'other' }
      const change = (of: ClaimedExpiry) =>
        store.transaction(async tables => [
          await tables.expiries.locked(of, at + 1),
          await tables.expiries.postpone(of, at + 5, FAULT),
        ])
      expect(await change(stale)).toEqual([false, false])
      expect(await change(held!)).toEqual([true, true])
      expect(await find()).toStrictEqual({
        instanceId: held!.instanceId,
        key: held!.key,
        incarnation: 'of ada',
        due: at,
        tries: 1,
        tryAt: at + 5,
        lockedAt: at + 1,
        fault: FAULT,
      })
      expect([await claim('one', at + 4), (await claim('one', at + 5)).length]).toEqual([[], 1])
    })

    it('is claimed in two rounds: those that nobody has shut out yet, and then all', async () => {
      const { store, at, claim, find } = await due('ada', 'bob')
      const [ada, bob] = await claim('one', at, 10, 'open')
      const shut = (of: ClaimedExpiry) => store.transaction(tables => tables.expiries.shutOut(of, at + 1))
      expect([await shut({ ...ada!, worker: 'other' }), await shut(ada!), await shut(ada!)]).toEqual([
        false,
        true,
        false,
      ])
      // That it was shut out was no try to drop it.
      expect(await find(ada!.key)).toMatchObject({ lockedAt: at + 1, tryAt: at + 1, tries: 0 })
      expect(await claim('other', at + 1, 10, 'open')).toEqual([])
      expect((await claim('other', at + 1)).map(({ key, tries }) => [key, tries])).toEqual([[ada!.key, 1]])
      expect((await claim('other', at + MINUTE, 10, 'open')).map(({ key }) => key)).toEqual([bob!.key])
    })

    it('is looked after at once when the clock has gone back since', async () => {
      const { store, at, claim, isWaiting } = await due('ada')
      const [held] = await claim('one', at + DAY)
      await store.transaction(tables => tables.expiries.postpone(held!, at + DAY + 5 * MINUTE, FAULT))
      expect([await isWaiting(at + DAY), await isWaiting(at + 1), await isWaiting(at - 1)]).toEqual([
        false,
        true,
        false,
      ])
      expect(await claim('other', at + 1)).toHaveLength(1)
    })

    it('begins anew when it is moved or another login gets it, and goes on when its record merely changes', async () => {
      const { store, at, claim, find, change } = await due('ada')
      const [held] = await claim('one', at)
      await store.transaction(tables => tables.expiries.locked(held!, at + 1))
      await change({ description: 'changed' })
      expect(await find()).toMatchObject({ lockedAt: at + 1, tries: 1 })
      await change({ validUntil: at + DAY })
      expect(await find()).toMatchObject({ due: at + DAY, tryAt: at + DAY, tries: 0 })
      expect(await find()).not.toHaveProperty('lockedAt')
      await change({ incarnation: 'of another' })
      expect(await find()).toMatchObject({ incarnation: 'of another', due: at, tries: 0 })
    })

    it('goes with the end, with the record, and by itself', async () => {
      const { store, instance, at, keys, claim, find, change } = await due('ada', 'bob', 'eve')
      expect(await store.read.expiries.count(instance.id)).toBe(3)
      await change({ validUntil: undefined })
      await store.transaction(tables => tables.users.remove(instance.id, keys[1]!))
      expect([await find(keys[0]), await find(keys[1])]).toEqual([undefined, undefined])
      const [held] = await claim('one', at)
      expect(await store.transaction(tables => tables.expiries.remove({ ...held!, due: at + 1 }))).toBe(false)
      expect(await store.transaction(tables => tables.expiries.remove(held!))).toBe(true)
      expect(await store.read.expiries.count(instance.id)).toBe(0)
      expect(await store.read.users.find(instance.id, keys[2]!)).toMatchObject({ validUntil: at })
    })

    it('is no promise for a login that nothing tells from a later one', async () => {
      const { find, change } = await due('ada')
      await change({ incarnation: undefined })
      expect(await find()).toBeUndefined()
    })

    it('is freed for the next process, and counted in the backlog', async () => {
      const { store, at, claim } = await due('ada', 'bob')
      const before = await store.read.expiries.backlog(at - 1)
      const [held] = await claim('one', at, 1)
      await store.transaction(tables => tables.expiries.locked(held!, at))
      const after = await store.read.expiries.backlog(at)
      expect([after.open - before.open, after.locked - before.locked]).toEqual([1, 1])
      expect(after.oldestOpen).toBeLessThanOrEqual(at)
      expect(after.oldestLocked).toBeLessThanOrEqual(at)
      await store.transaction(tables => tables.expiries.release())
      expect(await claim('other', at)).toHaveLength(2)
    })

    it('keeps its instance while that is leaving', async () => {
      const { store, instance } = await due('ada')
      await store.transaction(async tables => {
        for (const { id } of await tables.connections.ofInstance(instance.id)) await tables.connections.retire(id, 1)
        await tables.instances.save({ ...(await tables.instances.find(instance.id))!, leaving: true })
        await tables.instances.removeLeft()
      })
      expect(await store.read.instances.find(instance.id)).toBeDefined()
      await store.transaction(async tables => {
        await tables.users.remove(instance.id, userKeyText({ name: 'ada' }))
        await tables.instances.removeLeft()
      })
      expect(await store.read.instances.find(instance.id)).toBeUndefined()
    })
  })
}
