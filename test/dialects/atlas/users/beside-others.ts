import { afterAll, beforeAll, describe, test } from 'vitest'
import type { AppWish } from '../../../support/app.ts'
import { type Ground, twoClusters } from './ground.ts'

/** What tests have that share two clusters. */
export interface Lane {
  /** Theirs alone; made before the first of them. */
  readonly ground: Ground
  readonly v1: Ground['atlas']['v1']
  /** One after the other. */
  readonly test: (name: string, work: () => Promise<void>) => void
}

/** Most of such a test is waiting for a server that is away: those that share two clusters run beside those that share two others. */
export function besideOthers(title: string, wish: AppWish, define: (lane: Lane) => void): void {
  describe.concurrent(title, () => {
    let made: Ground | undefined
    beforeAll(async () => {
      made = await twoClusters(wish)
    }, 120_000)
    afterAll(async () => {
      await made?.[Symbol.asyncDispose]()
    })
    const ground: Ground = {
      get atlas() {
        return made!.atlas
      },
      get east() {
        return made!.east
      },
      get west() {
        return made!.west
      },
      join: (...asked) => made!.join(...asked),
      [Symbol.asyncDispose]: () => made![Symbol.asyncDispose](),
    }
    define({
      ground,
      v1: (...asked) => ground.atlas.v1(...asked),
      test: (name, work) => test(name, { concurrent: false, timeout: 90_000 }, work),
    })
  })
}
