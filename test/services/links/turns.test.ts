import { expect, test } from 'vitest'
import { createTurns } from '../../../src/services/links/turns.ts'

const soon = () => AbortSignal.timeout(5_000)

async function isServed(turn: Promise<unknown>): Promise<boolean> {
  return Promise.race([turn.then(() => true), new Promise<false>(resolve => setTimeout(resolve, 50, false))])
}

test('several turns are had at one stroke, and whoever comes later waits, however little it wants', async () => {
  const turns = createTurns(3)
  const [first, second] = [await turns.take(soon()), await turns.take(soon())]
  const both = turns.takeMany(2, soon())
  const late = turns.take(soon())
  expect([await isServed(both), await isServed(late), turns.free]).toEqual([false, false, 1])
  first[Symbol.dispose]()
  expect([await isServed(both), await isServed(late), turns.free]).toEqual([true, false, 0])
  second[Symbol.dispose]()
  expect([await isServed(late), turns.free]).toEqual([true, 0])
  for (const one of [...(await both), await late]) one[Symbol.dispose]()
  expect(turns.free).toBe(3)
})

test('whoever has waited long enough leaves the line, and holds up nobody behind it', async () => {
  const turns = createTurns(2)
  const one = await turns.take(soon())
  const leaving = new AbortController()
  const many = turns.takeMany(2, leaving.signal)
  const next = turns.take(soon())
  expect(await isServed(next)).toBe(false)
  leaving.abort()
  await expect(many).rejects.toMatchObject({ code: 'unavailable' })
  expect(await isServed(next)).toBe(true)
  // Who is late already does not stand in line at all.
  await expect(turns.take(leaving.signal)).rejects.toMatchObject({ code: 'unavailable' })
  for (const turn of [one, await next]) turn[Symbol.dispose]()
  expect(turns.free).toBe(2)
})
