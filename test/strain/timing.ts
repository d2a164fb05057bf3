import { setTimeout as sleep } from 'node:timers/promises'

export async function timed<T>(work: () => Promise<T>): Promise<{ readonly answer: T; readonly ms: number }> {
  const began = performance.now()
  const answer = await work()
  return { answer, ms: performance.now() - began }
}

export function p99(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0
}

export async function until(holds: () => Promise<boolean>, withinMs = 15_000): Promise<void> {
  for (const end = Date.now() + withinMs; !(await holds()); await sleep(20)) {
    if (Date.now() > end) throw new Error(`It did not come about within ${withinMs / 1000} s`)
  }
}
