import type { Parts } from '../../src/app.ts'
import type { AdminClient, Engine } from '../../src/engines/engine.ts'
import type { Engines } from '../../src/engines/registry.ts'
import type { Store, Tables } from '../../src/store/store.ts'

/** How far the clocks of the store and of the servers are off, in milliseconds. */
export interface Clocks {
  store: number
  engine: number
}

/** Nobody waits: it is later, in the store and on the servers. */
export function later(clocks: Clocks, ms: number): void {
  clocks.store += ms
  clocks.engine += ms
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
