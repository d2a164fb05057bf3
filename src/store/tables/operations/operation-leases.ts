import type { StepShown } from '../../../domain/operations/operation.ts'
import { type Context, OPEN, toJson, withNulls } from '../../context.ts'
import type { ClaimedOperation, Held, Operations } from '../../interface/operations.ts'
import { repeated } from '../../repeated.ts'
import type { OperationRow } from '../../rows/operations.ts'
import { readOperations } from './operation-reading.ts'
import { toFaultRow, toOutcomeRow, toStepRows } from './operation-rows.ts'

type Leases = Pick<Operations, 'renew' | 'replan' | 'claim' | 'settle' | 'undo' | 'postpone' | 'abandon' | 'hurry'>

/** Who works on an operation, and how its state changes: only for the attempt that holds it. */
export function operationLeases(context: Context): Leases {
  const { db } = context
  return {
    async renew(worker, attempts, until) {
      if (attempts.length === 0) return []
      const query = db
        .updateTable('operations')
        .set({ leaseUntil: until })
        .where(eb => eb.or(attempts.map(one => eb.and({ id: one.operationId, attempts: one.attempt }))))
      const mine = query.where('state', '=', OPEN).where('worker', '=', worker)
      const rows = await mine.returning(['id', 'attempts']).execute()
      return rows.map(row => ({ operationId: row.id, attempt: row.attempts }))
    },
    async replan(id, held, targets) {
      // Nothing but the row's own attempt: it says whether the operation is still held so, and keeps others out until the end.
      if (!(await change(context, id, held, { attempts: held.attempt }))) return false
      for (const [position, { incarnation, record }] of targets.entries()) {
        const row = withNulls({ incarnation, record: toJson(record) })
        const query = db.updateTable('operationTargets').set(row).where('operationId', '=', id)
        await query.where('position', '=', position).execute()
      }
      await replaceSteps(
        context,
        id,
        targets.map(({ steps }) => steps),
      )
      return true
    },
    claim: (worker, now, leaseUntil, limit) => claim(context, worker, now, leaseUntil, limit),
    async settle(id, held, outcomes, steps, now, answerUntil, fault) {
      const isWanted = answerUntil > now
      const answer = isWanted ? ({ answer: 'undelivered', answerUntil } as const) : {}
      const reason = fault ? toFaultRow(fault) : {}
      const settled = await change(context, id, held, {
        ...CLOSED,
        ...reason,
        state: 'settled',
        settledAt: now,
        ...answer,
      })
      if (!settled) return false
      for (const [position, outcome] of outcomes.entries()) {
        if (!outcome) continue
        const kept = isWanted ? outcome : { ...outcome, password: undefined }
        await closeTarget(context, { ...toOutcomeRow(context.vault, id, position, kept), id, position })
      }
      if (outcomes.includes(undefined)) await close(context, id)
      if (steps) await replaceSteps(context, id, steps)
      return true
    },
    async undo(id, held, fault, now) {
      const row = { ...CLOSED, ...toFaultRow(fault), state: 'undone', settledAt: now } as const
      return (await change(context, id, held, row)) && (await close(context, id))
    },
    postpone: (id, held, fault, nextTryAt) =>
      change(context, id, held, { worker: null, leaseUntil: null, nextTryAt, ...toFaultRow(fault) }),
    async abandon(id, operatorId, now) {
      const row = { ...CLOSED, state: 'undone', settledAt: now, abandonedBy: operatorId } as const
      return (await change(context, id, undefined, row)) && (await close(context, id))
    },
    async hurry(id, now) {
      const query = db.updateTable('operations').set({ nextTryAt: now }).where('id', '=', id)
      const { numUpdatedRows } = await query
        .where('state', '=', OPEN)
        .where('nextTryAt', 'is not', null)
        .executeTakeFirst()
      return numUpdatedRows > 0n
    },
  }
}

const CLOSED = { worker: null, leaseUntil: null, nextTryAt: null }

async function change(
  context: Context,
  id: string,
  held: Held | undefined,
  row: Partial<OperationRow>,
): Promise<boolean> {
  const name = `change ${held ? 'held ' : ''}operation: ${Object.keys(row)}`
  const asked = { ...row, of: id, by: held?.worker, during: held?.attempt }
  const { numAffectedRows } = await repeated(context, name, [asked], ([{ of, by, during, ...set } = asked]) => {
    const open = context.db.updateTable('operations').set(set).where('id', '=', of).where('state', '=', OPEN)
    return held ? open.where('worker', '=', by!).where('attempts', '=', during!) : open
  })
  return numAffectedRows! > 0n
}

/** Frees the subjects for the next operation, and forgets the new passwords. */
async function close({ db }: Context, id: string): Promise<true> {
  await db.updateTable('operationTargets').set({ open: 0, password: null }).where('operationId', '=', id).execute()
  return true
}

type OutcomeRow = ReturnType<typeof toOutcomeRow> & { readonly id: string; readonly position: number }

/** The same for one that has come to its outcome. */
async function closeTarget(context: Context, outcome: OutcomeRow): Promise<void> {
  await repeated(context, 'close target', [outcome], ([{ id, position, ...row } = outcome]) =>
    context.db
      .updateTable('operationTargets')
      .set({ ...row, open: 0, password: null })
      .where('operationId', '=', id)
      .where('position', '=', position),
  )
}

/** Steps as they were really run: the plan is made again by each attempt. */
async function replaceSteps({ db }: Context, id: string, steps: readonly (readonly StepShown[])[]): Promise<void> {
  await db.deleteFrom('operationSteps').where('operationId', '=', id).execute()
  const rows = steps.flatMap((own, target) => toStepRows(id, target, own))
  if (rows.length > 0) await db.insertInto('operationSteps').values(rows).execute()
}

async function claim(context: Context, worker: string, now: number, leaseUntil: number, limit: number) {
  const { db, words } = context
  const due = db
    .selectFrom('operations')
    .select('id')
    .where('state', '=', OPEN)
    .where(eb => eb.or([eb('leaseUntil', 'is', null), eb('leaseUntil', '<=', now)]))
    .where(eb => eb.or([eb('nextTryAt', 'is', null), eb('nextTryAt', '<=', now)]))
    // Whoever has waited longest: many old ones that fail again and again must not keep the others out.
    .orderBy(eb => eb.fn.coalesce('nextTryAt', 'leaseUntil'))
    .limit(limit)
  const taken = await db
    // Beside the update, not inside of it: PostgreSQL may run a sub-select with a limit more than once.
    .with('due', () => (words.rowLocks ? due.forUpdate().skipLocked() : due))
    .updateTable('operations')
    // No longer waiting: it is stuck between two tries, not during one.
    .set(eb => ({ worker, leaseUntil, nextTryAt: null, attempts: eb('attempts', '+', 1) }))
    .where('id', 'in', eb => eb.selectFrom('due').select('due.id'))
    .returning('id')
    .execute()
  const operations = await readOperations(context, query => query.where('id', 'in', ['', ...taken.map(row => row.id)]))
  return operations.map((operation): ClaimedOperation => {
    return { ...operation, worker }
  })
}
