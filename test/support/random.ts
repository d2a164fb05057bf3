/** Numbers in [0, 1) that a seed repeats: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** `ROLECALL_SEED`, or one of the moment; printed, so that a failure can be had again. */
export function seedOf(what: string): number {
  const seed = Number(process.env.ROLECALL_SEED ?? Date.now() % 1_000_000_000)
  console.info(`${what}: ROLECALL_SEED=${seed}`)
  return seed
}

export function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)]!
}
