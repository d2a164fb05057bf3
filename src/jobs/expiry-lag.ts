import type { Store } from '../store/store.ts'

/** How far behind expiry is, by the store's clock. */
export async function expiryLag({ read, now: storeNow }: Pick<Store, 'read' | 'now'>) {
  const now = await storeNow()
  const { open, locked, oldestOpen = now, oldestLocked = now } = await read.expiries.backlog(now)
  return { open, locked, openSeconds: (now - oldestOpen) / 1_000, lockedSeconds: (now - oldestLocked) / 1_000 }
}
