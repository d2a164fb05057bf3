import { type Fault, isTransient } from '../domain/fault.ts'
import { EXPIRY_OPERATOR } from '../services/users/expiry-orders.ts'
import type { ClaimedExpiry } from '../store/interface/users.ts'
import type { Store, Tables } from '../store/store.ts'

/** What the store is told of a login whose time is over. */
export interface ExpiryNotes {
  locked(expiry: ClaimedExpiry): Promise<void>
  /** They are shut out, so that all others can be before any is dropped; they may be claimed again. */
  shutOut(expiries: readonly ClaimedExpiry[]): Promise<void>
  gone(expiry: ClaimedExpiry): Promise<void>
  /** Somebody else dropped it, whether or not another of its name is there. */
  nobody(expiry: ClaimedExpiry): Promise<void>
  /** The one of its name may be another: it is left alone. */
  unknown(expiry: ClaimedExpiry): Promise<void>
  /** It is gone, under a name of which nothing is remembered. */
  renamed(expiry: ClaimedExpiry): Promise<void>
  /** It is still there, and is tried again after `waitMs`. */
  failed(expiry: ClaimedExpiry, fault: Fault, waitMs: number): Promise<void>
}

export type ExpiryStep = 'locked' | 'gone'

/** `onStep`: a login is gone, or shut out and not gone yet, so long after its moment. */
export function createExpiryNotes(
  store: Pick<Store, 'transaction' | 'now'>,
  onStep: (step: ExpiryStep, lagMs: number) => void,
): ExpiryNotes {
  async function locked(expiry: ClaimedExpiry): Promise<void> {
    if (expiry.lockedAt !== undefined) return
    const now = await store.now()
    await store.transaction(tables => tables.expiries.locked(expiry, now))
    onStep('locked', now - expiry.due)
  }

  async function shutOut(expiries: readonly ClaimedExpiry[]): Promise<void> {
    const now = await store.now()
    await store.transaction(async tables => {
      for (const expiry of expiries) await tables.expiries.shutOut(expiry, now)
    })
    for (const { due } of expiries) onStep('locked', now - due)
  }

  async function gone({ due }: ClaimedExpiry): Promise<void> {
    onStep('gone', (await store.now()) - due)
  }

  const forget =
    (reason: string) =>
    (expiry: ClaimedExpiry): Promise<void> =>
      store.transaction(async tables => {
        if (!(await tables.expiries.remove(expiry))) return
        await forgetUser(tables, expiry)
        await addLine(tables, expiry, 'done', reason)
      })

  const nobody = forget('It was dropped by somebody else before its end')
  const unknown = forget('Nothing on the server tells any more whether this is the login that was to go')

  async function renamed(expiry: ClaimedExpiry): Promise<void> {
    await store.transaction(async tables => {
      if (await tables.expiries.remove(expiry)) await forgetUser(tables, expiry)
    })
    await gone(expiry)
  }

  async function failed(expiry: ClaimedExpiry, fault: Fault, waitMs: number): Promise<void> {
    const { code, subject, message } = fault
    await store.transaction(async tables => {
      const now = await tables.now()
      const isMine = await tables.expiries.postpone(expiry, now + waitMs, { code, subject, message, at: now })
      // What somebody has to cure is told once; what passes by itself would fill the audit while a server is away.
      const isNews = !isTransient(fault) && message !== expiry.fault?.message
      if (isMine && isNews) await addLine(tables, expiry, 'undone', message)
    })
  }

  return { locked, shutOut, gone, nobody, unknown, renamed, failed }
}

/** What was remembered of it, its password perhaps, goes with it; one that was made since has a record of its own. */
async function forgetUser(tables: Tables, { instanceId, key, incarnation }: ClaimedExpiry): Promise<void> {
  const record = await tables.users.find(instanceId, key)
  if (record?.incarnation === incarnation) await tables.users.remove(instanceId, key)
}

async function addLine(
  tables: Tables,
  { instanceId, key, worker }: ClaimedExpiry,
  outcome: 'done' | 'undone',
  reason: string,
): Promise<void> {
  const instance = await tables.instances.find(instanceId)
  await tables.audit.add({
    projectId: instance?.projectId,
    instanceId,
    at: await tables.now(),
    operatorId: EXPIRY_OPERATOR.id,
    address: '127.0.0.1',
    dialect: 'system',
    requestId: worker,
    action: 'user.expire',
    subject: key,
    detail: [],
    outcome,
    reason,
  })
}
