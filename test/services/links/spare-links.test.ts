import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createSpareLinks } from '../../../src/services/links/spare-links.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** A spare, and whether it has been closed. */
function aSpare(since = performance.now()) {
  const spare = {
    since,
    closed: false,
    close: async () => {
      spare.closed = true
    },
  }
  return spare
}

test('the one that was left last is taken first, and once', () => {
  const spares = createSpareLinks(() => 3).of('one')
  const [first, second] = [aSpare(), aSpare()]
  for (const spare of [first, second]) spares.keep(spare)
  expect([spares.take(), spares.take(), spares.take()]).toEqual([second, first, undefined])
  expect([first.closed, second.closed]).toEqual([false, false])
})

test('nobody is given a spare of another instance', () => {
  const links = createSpareLinks(() => 3)
  links.of('one').keep(aSpare())
  expect(links.of('other').take()).toBeUndefined()
})

test('spares make room for whoever must log in, the longest unused first', () => {
  let room = 3
  const links = createSpareLinks(() => room)
  const all = [aSpare(), aSpare(), aSpare()]
  for (const spare of all) links.of('one').keep(spare)
  room = 1
  links.of('other').take()
  expect(all.map(({ closed }) => closed)).toEqual([true, true, false])
})

test('a spare takes the place of the turn that is about to end, and no more', () => {
  const links = createSpareLinks(() => 0)
  const [first, second] = [aSpare(), aSpare()]
  for (const spare of [first, second]) links.of('one').keep(spare)
  expect([first.closed, second.closed]).toEqual([true, false])
})

test('a session serves for half a minute after its log-in, used or not', () => {
  const spares = createSpareLinks(() => 3).of('one')
  const used = aSpare()
  for (let n = 0; n < 4; n++) {
    spares.keep(used)
    vi.advanceTimersByTime(7_000)
    if (n < 3) expect(spares.take()).toBe(used)
  }
  vi.advanceTimersByTime(3_000)
  expect([used.closed, spares.take()]).toEqual([true, undefined])
  const old = aSpare(performance.now() - 30_000)
  spares.keep(old)
  expect([old.closed, spares.take()]).toEqual([true, undefined])
})

test('what is left after the end is closed at once', async () => {
  const links = createSpareLinks(() => 3)
  const [before, after] = [aSpare(), aSpare()]
  links.of('one').keep(before)
  await links[Symbol.asyncDispose]()
  links.of('one').keep(after)
  expect([before.closed, after.closed]).toEqual([true, true])
})
