import { StoreProblem } from '../../problem.ts'
import { listDataKeys, openVault, rewrapDataKeys } from '../../sealing/data-keys.ts'
import { type KeyPlace, keyFileOf, loadMasterKey, putNewKeyInFront } from '../../sealing/master-key.ts'
import { type Changing, changing } from '../changing.ts'
import type { StorePlace } from '../place.ts'
import { masterKeysOf } from '../snapshot.ts'

export interface Rotated {
  /** Fingerprints: what wrapped the data keys before, and what wraps them now. */
  readonly before: readonly string[]
  readonly now: string
  readonly ring: readonly string[]
  /** The file that holds the ring; undefined: ROLECALL_MASTER_KEY does. */
  readonly file?: string
}

/**
 * Wraps the data keys with a new master key. They themselves stay, and with them every sealed value, every key's hash, and whatever a
 * running server holds in memory. Where a variable holds the ring, its first key is the new one.
 */
export function rotateMasterKey(place: StorePlace, key: KeyPlace): Promise<Rotated> {
  return changing(place, async on => {
    const before = await wrappersOf(on)
    const file = keyFileOf(key)
    const old = loadMasterKey(key, false)
    // A ring that does not open the store must not get another key, but be told from the right one.
    await openVault(on.db, old, 0)
    if (file === undefined && before.length === 1 && before[0] === old.fingerprint) throw nothingToDo(old.fingerprint)
    // In the store's transaction, which others wait for. If it fails from here on, the old key still opens, and is in the ring.
    const ring = file === undefined ? old : putNewKeyInFront(file)
    await rewrapDataKeys(on.db, ring)
    return { before, now: ring.fingerprint, ring: ring.fingerprints, file }
  })
}

export interface KeyState {
  readonly ring: readonly string[]
  readonly wrappedBy: readonly string[]
  readonly opens: boolean
}

/** Which keys are there, and which ones the store needs; by their fingerprints, which tell nothing about them. */
export function masterKeyState(place: StorePlace, key: KeyPlace): Promise<KeyState> {
  return changing(place, async on => {
    const wrappedBy = await wrappersOf(on)
    const ring = ringAt(key)
    const opens = await openVault(on.db, key, 0).then(
      () => true,
      () => false,
    )
    return { ring, wrappedBy, opens }
  })
}

async function wrappersOf({ db }: Changing): Promise<readonly string[]> {
  return masterKeysOf((await listDataKeys(db)).map(({ wrapped }) => wrapped))
}

function ringAt(key: KeyPlace): readonly string[] {
  try {
    return loadMasterKey(key, false).fingerprints
  } catch (error) {
    if (error instanceof StoreProblem) return []
    throw error
  }
}

function nothingToDo(fingerprint: string): StoreProblem {
  return new StoreProblem(
    'refused',
    `ROLECALL_MASTER_KEY holds the ring, and its first key ${fingerprint} wraps the store already. To change it:
  1. make a new key: openssl rand -base64 32
  2. put it in front, a comma between, where every replica gets the variable from: ROLECALL_MASTER_KEY=NEW,OLD
  3. run this command again with that variable; running servers go on, and need it at their next start
  4. keep OLD for the backups that were made until now; the variable needs it no more once every replica has NEW`,
  )
}
