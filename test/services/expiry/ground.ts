import { setTimeout as sleep } from 'node:timers/promises'
import type { RunningApp } from '../../support/app.ts'

export { type Clocks, later, withClocks } from '../../support/clocks.ts'

/** More than whatever could not be dropped waits at first for its next try. */
export const NEXT_TRY_MS = 40_000

export const DAY_MS = 86_400_000

/** Waits until what `look` finds is as wanted; answers what it found last. */
export async function until<T>(look: () => Promise<T>, isWanted: (found: T) => boolean, ms = 20_000): Promise<T> {
  for (const end = Date.now() + ms; ; await sleep(50)) {
    const found = await look()
    if (isWanted(found) || Date.now() > end) return found
  }
}

/** A login as the native API shows it, once `isWanted` says so. */
export async function shown(
  { native }: RunningApp,
  path: string,
  isWanted: (answer: { status: number; body: Record<string, unknown> }) => boolean,
  ms?: number,
) {
  return until(() => native('GET', path), isWanted, ms)
}

export const isGone = ({ status }: { readonly status: number }) => status === 404
