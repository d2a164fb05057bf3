import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createNextQueries } from '../../src/services/links/next-query.ts'

const forever = new AbortController().signal

test('the first asks at once; those that come while it runs share one more, which begins after it', async () => {
  const queries = createNextQueries()
  const begun: number[] = []
  const query = async () => {
    begun.push(performance.now())
    await sleep(20)
    return begun.length
  }
  const first = queries.ask('rows', forever, query)
  const rest = [1, 2, 3, 4].map(() => queries.ask('rows', forever, query))
  expect(await first).toBe(1)
  expect(await Promise.all(rest)).toEqual([2, 2, 2, 2])
  expect(begun).toHaveLength(2)
  expect(await queries.ask('rows', forever, query)).toBe(3)
})

test('other rows wait for nobody', async () => {
  const queries = createNextQueries()
  const slow = queries.ask('slow', forever, () => sleep(50, 'slow'))
  const quick = queries.ask('quick', forever, async () => 'quick')
  expect(await Promise.race([slow, quick])).toBe('quick')
  await slow
})

test('a caller that hangs up leaves the others their rows', async () => {
  const queries = createNextQueries()
  const first = queries.ask('rows', forever, () => sleep(20, 1))
  const gone = new AbortController()
  const query = () => sleep(20, 2)
  const leaving = queries.ask('rows', gone.signal, query)
  const staying = queries.ask('rows', forever, query)
  gone.abort(new Error('hung up'))
  await expect(leaving).rejects.toMatchObject({ code: 'timeout' })
  expect(await Promise.all([first, staying])).toEqual([1, 2])
})

test('a query that fails fails those that share it, and nobody after it', async () => {
  const queries = createNextQueries()
  const fail = async () => {
    await sleep(5)
    throw new Error('server away')
  }
  const first = queries.ask('rows', forever, fail)
  const second = queries.ask('rows', forever, fail)
  const third = queries.ask('rows', forever, async () => 'never asked: the second is the one that is shared')
  const outcomes = await Promise.allSettled([first, second, third])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(await queries.ask('rows', forever, async () => 'back')).toBe('back')
})

test('whatever was committed before a request is in its answer, whoever asks beside it', async () => {
  const queries = createNextQueries()
  let committed = 0
  // A query sees what was committed when it began, and takes its time.
  const query = async () => {
    const seen = committed
    await sleep(Math.random() * 3)
    return seen
  }
  const asking = async () => {
    for (let n = 0; n < 50; n++) {
      const before = ++committed
      expect(await queries.ask('rows', forever, query)).toBeGreaterThanOrEqual(before)
    }
  }
  await Promise.all(Array.from({ length: 20 }, asking))
})
