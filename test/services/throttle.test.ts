import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createThrottle } from '../../src/services/callers/digest/throttle.ts'

test('a name is locked from the last failure that is allowed on, until the first of them is long ago', async () => {
  const throttle = createThrottle(3, 200)
  for (let failures = 0; failures < 2; failures += 1) throttle.fail('one')
  expect(throttle.isLocked('one')).toBe(false)
  throttle.fail('one')
  expect([throttle.isLocked('one'), throttle.isLocked('two')]).toEqual([true, false])
  await sleep(250)
  expect(throttle.isLocked('one')).toBe(false)
  throttle.fail('one')
  expect(throttle.isLocked('one')).toBe(false)
})

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

function heapUsed(): number {
  collect()
  return process.memoryUsage().heapUsed
}

test('names as long as they like cost no more than short ones', () => {
  const throttle = createThrottle(1, 60_000)
  const before = heapUsed()
  for (let name = 0; name < 5_000; name += 1) throttle.fail(`${name}${'x'.repeat(16_000)}`.split('').join(''))
  expect(heapUsed() - before).toBeLessThan(10_000_000)
})
