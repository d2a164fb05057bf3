import type { FastifyRequest } from 'fastify'
import { afterEach, expect, test, vi } from 'vitest'
import { countPerKey } from '../../src/http/rate.ts'

afterEach(() => {
  vi.useRealTimers()
})

const by = (id: string) => ({ caller: { key: { id } } }) as unknown as FastifyRequest

test('a key is told what is left of its minute, and refused what is too much', async () => {
  vi.useFakeTimers()
  const count = countPerKey(2)
  expect(await count(by('a'))).toEqual({ limit: 2, remaining: 1, resetSeconds: 60, exceeded: false })
  vi.advanceTimersByTime(20_500)
  expect(await count(by('a'))).toEqual({ limit: 2, remaining: 0, resetSeconds: 40, exceeded: false })
  expect(await count(by('a'))).toEqual({ limit: 2, remaining: 0, resetSeconds: 40, exceeded: true })
})

test('each key has a minute of its own, and the next begins with the next request', async () => {
  vi.useFakeTimers()
  const count = countPerKey(1)
  await count(by('a'))
  vi.advanceTimersByTime(30_000)
  expect(await count(by('b'))).toMatchObject({ remaining: 0, exceeded: false })
  vi.advanceTimersByTime(30_000)
  expect(await count(by('a'))).toMatchObject({ resetSeconds: 60, exceeded: false })
  expect(await count(by('b'))).toMatchObject({ resetSeconds: 30, exceeded: true })
})

test('no limit is no count', async () => {
  expect(await countPerKey(0)(by('a'))).toBeUndefined()
})
