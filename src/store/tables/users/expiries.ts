import { type Expression, type Kysely, type SqlBool, sql } from 'kysely'
import type { Expiry } from '../../../domain/users/expiry.ts'
import { type Context, withoutNulls } from '../../context.ts'
import type { ClaimedExpiry, Expiries } from '../../interface/users.ts'
import type { ExpiryRow } from '../../rows/users.ts'
import type { Schema } from '../../schema.ts'
import type { UserRecord } from '../../user-record.ts'
import { faultFrom, toFaultRow } from '../operations/operation-rows.ts'

/** Nobody is ever told to wait longer. Whoever has to, saw a clock that went back: it is looked after at once. */
const NEVER_LONGER_MS = 10 * 60_000

/** Keys in one question: both databases have a limit on parameters. */
const AT_ONCE = 1_000

export function expiryTable(context: Context): Expiries {
  const { db } = context
  const mine = ({ instanceId, key, incarnation, due, worker, tries }: ClaimedExpiry) => ({
    instanceId,
    userKey: key,
    incarnation,
    due,
    worker,
    tries,
  })
  const change = async (expiry: ClaimedExpiry, row: Partial<ExpiryRow>) => {
    const query = db.updateTable('expiries').set(row)
    const { numUpdatedRows } = await query.where(eb => eb.and(mine(expiry))).executeTakeFirst()
    return numUpdatedRows > 0n
  }
  return {
    async findMany(instanceId, keys) {
      const found = new Map<string, Expiry>()
      for (let at = 0; at < keys.length; at += AT_ONCE) {
        const query = db.selectFrom('expiries').selectAll().where('instanceId', '=', instanceId)
        const rows = await query.where('userKey', 'in', keys.slice(at, at + AT_ONCE)).execute()
        for (const row of rows) found.set(row.userKey, expiryFrom(row))
      }
      return found
    },
    async waitingInstances(now) {
      const query = db.selectFrom('expiries').select('instanceId').where(isWaiting(now)).groupBy('instanceId')
      const rows = await query.orderBy(eb => eb.fn.min('tryAt')).execute()
      return rows.map(row => row.instanceId)
    },
    claim: (...asked) => claim(context, ...asked),
    locked: (expiry, now) => change(expiry, { lockedAt: now }),
    shutOut: (expiry, now) => change(expiry, { worker: null, tryAt: now, lockedAt: now, tries: expiry.tries - 1 }),
    postpone: (expiry, tryAt, fault) => change(expiry, { worker: null, tryAt, ...toFaultRow(fault) }),
    async remove(expiry) {
      const query = db.deleteFrom('expiries').where(eb => eb.and(mine(expiry)))
      return (await query.executeTakeFirst()).numDeletedRows > 0n
    },
    async release() {
      const freed = { worker: null, tryAt: sql<number>`${sql.ref('due')}` }
      await db.updateTable('expiries').set(freed).where('worker', 'is not', null).execute()
    },
    async count(instanceId) {
      const query = db.selectFrom('expiries').where('instanceId', '=', instanceId)
      return (await query.select(eb => eb.fn.countAll<number>().as('rows')).executeTakeFirstOrThrow()).rows
    },
    async backlog(now) {
      const query = db.selectFrom('expiries').where('due', '<=', now)
      const row = await query
        .select(eb => [
          eb.fn.countAll<number>().as('rows'),
          eb.fn.count<number>('lockedAt').as('locked'),
          eb.fn.min(sql<number | null>`case when ${sql.ref('lockedAt')} is null then ${sql.ref('due')} end`).as('open'),
          eb.fn
            .min(sql<number | null>`case when ${sql.ref('lockedAt')} is not null then ${sql.ref('due')} end`)
            .as('oldestLocked'),
        ])
        .executeTakeFirstOrThrow()
      const { rows, locked, open, oldestLocked } = row
      return { open: rows - locked, locked, oldestOpen: open ?? undefined, oldestLocked: oldestLocked ?? undefined }
    },
  }
}

/** Keeps the promise in step with the record; one that has not moved goes on as it is. */
export async function putExpiry(
  db: Kysely<Schema>,
  { instanceId, key, incarnation, validUntil }: UserRecord,
): Promise<void> {
  if (validUntil === undefined || incarnation === undefined) {
    await db.deleteFrom('expiries').where('instanceId', '=', instanceId).where('userKey', '=', key).execute()
    return
  }
  const unmoved = {
    worker: null,
    lockedAt: null,
    faultCode: null,
    faultSubject: null,
    faultMessage: null,
    faultAt: null,
  }
  const row = { ...unmoved, instanceId, userKey: key, incarnation, due: validUntil, tries: 0, tryAt: validUntil }
  await db
    .insertInto('expiries')
    .values(row)
    .onConflict(known =>
      known
        .columns(['instanceId', 'userKey'])
        .doUpdateSet(row)
        .where(eb => eb.or([eb('expiries.due', '!=', row.due), eb('expiries.incarnation', '!=', incarnation)])),
    )
    .execute()
}

function isWaiting(now: number): Expression<SqlBool> {
  const strayed = now + NEVER_LONGER_MS
  return sql<SqlBool>`${sql.ref('due')} <= ${now} and (${sql.ref('tryAt')} <= ${now} or ${sql.ref('tryAt')} > ${strayed})`
}

async function claim(
  { db, words }: Context,
  ...[instanceId, worker, now, leaseUntil, limit, which]: Parameters<Expiries['claim']>
): Promise<readonly ClaimedExpiry[]> {
  const all = db.selectFrom('expiries').select('userKey').where('instanceId', '=', instanceId).where(isWaiting(now))
  const wanted = which === 'open' ? all.where('lockedAt', 'is', null) : all
  const waiting = wanted.orderBy('tryAt').limit(limit)
  const rows = await db
    // Beside the update, not inside of it: PostgreSQL may run a sub-select with a limit more than once.
    .with('waiting', () => (words.rowLocks ? waiting.forUpdate().skipLocked() : waiting))
    .updateTable('expiries')
    .set(eb => ({ worker, tryAt: leaseUntil, tries: eb('tries', '+', 1) }))
    .where('instanceId', '=', instanceId)
    .where('userKey', 'in', eb => eb.selectFrom('waiting').select('waiting.userKey'))
    .returningAll()
    .execute()
  return rows.map(row => ({ ...expiryFrom(row), worker }))
}

function expiryFrom(row: ExpiryRow): Expiry {
  const { instanceId, userKey: key, incarnation, due, tries, tryAt, lockedAt } = withoutNulls(row)
  return withoutNulls({ instanceId, key, incarnation, due, tries, tryAt, lockedAt, fault: faultFrom(row) })
}
