import { AsyncLocalStorage } from 'node:async_hooks'
import type { Store, Tables } from '../../store/store.ts'

const rehearsing = new AsyncLocalStorage<true>()

const ROLL_BACK = new Error('a rehearsal writes nothing')

/** The same store, but what `rehearse` runs is checked in its transactions and then rolled back. */
export function rehearsable(store: Store): Store {
  const unless = (write: Store['transaction']): Store['transaction'] => {
    return work => (rehearsing.getStore() ? rolledBack(store, work) : write(work))
  }
  return { ...store, transaction: unless(store.transaction), statement: unless(store.statement) }
}

/** Runs work, and everything that follows from it, without writing anything: a dry run of what has no statements to show. */
export function rehearse<T>(work: () => T): T {
  return rehearsing.run(true, work)
}

async function rolledBack<T>(store: Store, work: (tables: Tables) => Promise<T>): Promise<T> {
  let result: { readonly value: T } | undefined
  try {
    await store.transaction(async tables => {
      result = { value: await work(tables) }
      throw ROLL_BACK
    })
  } catch (error) {
    if (error !== ROLL_BACK) throw error
  }
  return result!.value
}
