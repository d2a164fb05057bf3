import { setTimeout as sleep } from 'node:timers/promises'
import type { Parts } from '../../../src/app.ts'
import type { AdminClient, Engine } from '../../../src/engines/engine.ts'
import type { Engines } from '../../../src/engines/registry.ts'
import type { Store, Tables } from '../../../src/store/store.ts'
import type { RunningApp } from '../../support/app.ts'

export const DAY_MS = 86_400_000

/** How far the clocks of the store and of the servers are off, in milliseconds. */
export interface Clocks {
  store: number
  engine: number
}

/** The real store and servers, with clocks that a test may set. */
export function withClocks(clocks: Clocks): (real: Parts) => Parts {
  return real => ({ ...real, store: storeWith(real.store, clocks), engines: enginesWith(real.engines, clocks) })
}

function storeWith(store: Store, clocks: Clocks): Store {
  const set = (tables: Tables): Tables => ({ ...tables, now: async () => (await tables.now()) + clocks.store })
  return {
    ...store,
    read: set(store.read),
    now: async () => (await store.now()) + clocks.store,
    transaction: work => store.transaction(tables => work(set(tables))),
  }
}

function enginesWith(engines: Engines, clocks: Clocks): Engines {
  const set = (client: AdminClient): AdminClient => ({
    ...client,
    facts: async (change, mark) => {
      const facts = await client.facts(change, mark)
      return facts.clock === undefined ? facts : { ...facts, clock: facts.clock + clocks.engine }
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  })
  const wrapped = (engine: Engine): Engine => ({ ...engine, open: async (...all) => set(await engine.open(...all)) })
  return { ...engines, get: name => wrapped(engines.get(name)) }
}

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
