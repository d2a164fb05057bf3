import { sql } from 'kysely'
import { StoreProblem } from '../../problem.ts'
import { listDataKeys, makeDataKeys, openVault } from '../../sealing/data-keys.ts'
import { beginNewRing, type KeyPlace, keyFileOf, loadMasterKey, type MasterKey } from '../../sealing/master-key.ts'
import { aloneIn, checkNoReplica } from '../alone.ts'
import { type Changing, changing } from '../changing.ts'
import type { StorePlace } from '../place.ts'

/** What only the lost key could open. */
export interface Losses {
  /** Names of connections whose password, or client key, has to be typed again. */
  readonly connections: readonly string[]
  /** Keys that open nothing any more: what they are found by was sealed too. */
  readonly apiKeys: number
  /** Passwords of logins that policy `passwordRecall` kept. The logins themselves are not affected. */
  readonly storedPasswords: number
  /** Answers that nobody has fetched yet. */
  readonly answers: number
}

/** Counts what would be lost; refuses where nothing is. */
export function findLosses(place: StorePlace, key: KeyPlace): Promise<Losses> {
  return changing(place, async on => {
    await checkLost(on, key)
    return await lossesOf(on)
  })
}

/**
 * Goes on without the lost master key: a new one, with new data keys. What was sealed stays as it is, and opens again if the lost key is
 * found and put at the end of the ring; what can't be told from another any more is ended.
 */
export async function resetMasterKey(place: StorePlace, key: KeyPlace): Promise<Losses & { readonly now: string }> {
  using _alone = aloneIn(place)
  return await changing(place, async on => {
    await checkNoReplica(place, on)
    await checkLost(on, key)
    const losses = await lossesOf(on)
    const ring = newRing(key)
    const keys = await listDataKeys(on.db)
    const now = await on.words.now(on.db)
    await makeDataKeys(on.db, ring, Math.max(now, ...keys.map(({ createdAt }) => createdAt + 1)))
    await on.db.updateTable('apiKeys').set({ revokedAt: now }).where('revokedAt', 'is', null).execute()
    // Requests are compared, and invitations found, by a keyed hash, and that key is gone.
    await on.db.deleteFrom('replays').execute()
    await on.db.deleteFrom('invitations').execute()
    return { ...losses, now: ring.fingerprint }
  })
}

function newRing(key: KeyPlace): MasterKey {
  const file = keyFileOf(key)
  return file === undefined ? loadMasterKey(key, false) : beginNewRing(file)
}

async function checkLost({ db }: Changing, key: KeyPlace): Promise<void> {
  // A variable has to hold the key that shall be used from now on.
  if (keyFileOf(key) === undefined) loadMasterKey(key, false)
  const isLost = await openVault(db, key, 0).then(
    () => false,
    error => error instanceof StoreProblem,
  )
  if (!isLost)
    throw new StoreProblem('refused', 'The master key opens this store: nothing is lost, and nothing was done')
}

async function lossesOf({ db }: Changing): Promise<Losses> {
  const sealed = await db
    .selectFrom('connections')
    .select('name')
    .where(on => on.or([on('credentialKind', '=', 'sealed'), on('tlsClientKey', 'is not', null)]))
    .orderBy('name')
    .execute()
  const count = sql<number>`count(*)`.as('count')
  const keys = await db.selectFrom('apiKeys').select(count).where('revokedAt', 'is', null).executeTakeFirstOrThrow()
  const kept = await db
    .selectFrom('userRecords')
    .select(count)
    .where('password', 'is not', null)
    .executeTakeFirstOrThrow()
  const answers = await db
    .selectFrom('operations')
    .select(count)
    .where('answer', '=', 'undelivered')
    .executeTakeFirstOrThrow()
  return {
    connections: sealed.map(({ name }) => name),
    apiKeys: keys.count,
    storedPasswords: kept.count,
    answers: answers.count,
  }
}
