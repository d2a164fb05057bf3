import { randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Opened } from './harness.ts'

const UNTIL = Date.UTC(2040, 1, 1)

export function nonces(opened: Opened): void {
  describe('counts of nonces', () => {
    const aNonce = () => ({ nonce: randomBytes(24).toString('base64'), keyId: 'a1', until: UNTIL })

    it('are good once each, in any order within 64, from the first one on', async () => {
      const { store } = opened
      const nonce = aNonce()
      const good: [number, boolean][] = [
        [100, true],
        [100, false],
        [37, true],
        [36, false],
        [99, true],
        [99, false],
        [163, true],
        [100, false],
        [101, true],
        [99, false],
        [0xffffffff, true],
        [0xffffffff, false],
        [0xffffffc0, true],
        [0xffffffc0, false],
        [0xffffffbf, false],
        [163, false],
        [5, false],
      ]
      for (const [count, isGood] of good) {
        expect([count, await store.statement(tables => tables.nonceWindows.use({ ...nonce, count }))]).toEqual([
          count,
          isGood,
        ])
      }
    })

    it('are good once over all processes, however many ask at once', async () => {
      const { store, under } = opened
      const other = await under.open()
      const nonce = aNonce()
      const counts = [...Array(30).keys(), ...Array(30).keys()]
      const used = await Promise.all(
        counts.map((count, at) =>
          (at < 30 ? store : other).statement(tables => tables.nonceWindows.use({ ...nonce, count: count + 1 })),
        ),
      )
      expect(used.filter(isGood => isGood)).toHaveLength(30)
      await other.close()
    })

    it('are of each key by itself, and are forgotten once the nonce has ended', async () => {
      const { store } = opened
      const nonce = aNonce()
      const use = (keyId: string) =>
        store.statement(tables => tables.nonceWindows.use({ ...nonce, keyId, count: 1, until: 1000 }))
      expect([await use('a1'), await use('b2'), await use('a1')]).toEqual([true, true, false])
      await store.transaction(tables => tables.nonceWindows.sweep(1000))
      expect(await use('a1')).toBe(true)
      await store.transaction(tables => tables.nonceWindows.sweep(1000))
    })
  })
}
