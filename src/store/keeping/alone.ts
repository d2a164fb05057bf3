import { lockFolder } from '../folder.ts'
import type { Changing } from './changing.ts'
import type { StorePlace } from './place.ts'

/** Keeps servers out of a folder; refuses where one runs. */
export function aloneIn(place: StorePlace): Disposable {
  if (!('folder' in place)) return { [Symbol.dispose]: () => {} }
  const lock = lockFolder(place.folder)
  return { [Symbol.dispose]: () => lock.release() }
}

/** A replica's memory holds the keys of before; it would go on sealing with them. Those that start now wait for this transaction. */
export async function checkNoReplica(place: StorePlace, { db }: Changing): Promise<void> {
  if (!('url' in place)) return
  const { countSessions, inUse } = await import('./postgresql-target.ts')
  const sessions = await countSessions(db)
  if (sessions > 0) throw inUse(sessions)
}
