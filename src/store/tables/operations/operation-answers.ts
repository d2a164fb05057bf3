import { sql } from 'kysely'
import type { TargetOutcome } from '../../../domain/operations/operation.ts'
import type { Context } from '../../context.ts'
import type { Operations } from '../../interface/operations.ts'
import { wholeOutcomeFrom } from './operation-rows.ts'

type Answers = Pick<Operations, 'delivered' | 'takeAnswer' | 'outcomes' | 'sweep'>

/** What came of an operation, from the moment it settles until its caller has it. */
export function operationAnswers(context: Context): Answers {
  const { db } = context
  return {
    async delivered(id, keep = false) {
      const until = keep ? {} : { answerUntil: null }
      const query = db.updateTable('operations').set({ answer: 'delivered', ...until })
      const { numUpdatedRows } = await query.where('id', '=', id).where('answer', '=', 'undelivered').executeTakeFirst()
      if (numUpdatedRows > 0n && !keep) await eraseOutcomes(context, [id])
    },
    async takeAnswer(id, operatorId, now) {
      const outcomes = await readOutcomes(context, id)
      const query = db.updateTable('operations').set({ answer: 'delivered', answerUntil: null }).where('id', '=', id)
      const { numUpdatedRows } = await query
        .where('operatorId', '=', operatorId)
        .where('answer', '=', 'undelivered')
        .where('answerUntil', '>', now)
        .executeTakeFirst()
      if (numUpdatedRows === 0n) return undefined
      await eraseOutcomes(context, [id])
      return outcomes
    },
    async outcomes(id) {
      const query = db.selectFrom('operations').select('state').where('id', '=', id)
      const row = await query.where('state', '=', 'settled').executeTakeFirst()
      return row && (await readOutcomes(context, id))
    },
    sweep: now => sweep(context, now),
  }
}

async function readOutcomes({ db, vault }: Context, id: string): Promise<readonly TargetOutcome[]> {
  const query = db.selectFrom('operationTargets').selectAll().where('operationId', '=', id)
  const rows = await query.orderBy('position').execute()
  return rows.map(row => wholeOutcomeFrom(vault, row))
}

async function eraseOutcomes({ db }: Context, ids: readonly string[]): Promise<void> {
  await db.updateTable('operationTargets').set({ outcomePassword: null }).where('operationId', 'in', ids).execute()
}

/** So many in one transaction; the next sweep takes the rest. */
const SWEPT_AT_ONCE = 500

async function sweep(context: Context, now: number): Promise<number> {
  const { db } = context
  const due = db.selectFrom('operations').select('id').where('answerUntil', '<=', now).orderBy('answerUntil')
  const ids = (await due.limit(SWEPT_AT_ONCE).execute()).map(row => row.id)
  if (ids.length > 0) {
    // An answer that nobody fetched in its time was never delivered, and can't be any more.
    const answer = sql<'none'>`case when ${sql.ref('answer')} = 'undelivered' then 'none' else ${sql.ref('answer')} end`
    await db.updateTable('operations').set({ answer, answerUntil: null }).where('id', 'in', ids).execute()
    await eraseOutcomes(context, ids)
  }
  const { numDeletedRows } = await db.deleteFrom('replays').where('until', '<=', now).executeTakeFirst()
  return ids.length + Number(numDeletedRows)
}
