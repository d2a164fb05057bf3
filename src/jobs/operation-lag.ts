import type { Store } from '../store/store.ts'

/** How far behind the ledger is, by the store's clock. */
export async function operationLag({ read, now: storeNow }: Pick<Store, 'read' | 'now'>) {
  const now = await storeNow()
  const { oldestOpen = now, oldestStuck = now, ...counts } = await read.operations.backlog()
  return { ...counts, openSeconds: (now - oldestOpen) / 1_000, stuckSeconds: (now - oldestStuck) / 1_000 }
}
