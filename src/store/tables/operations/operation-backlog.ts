import { sql } from 'kysely'
import { type Context, OPEN, STILL_OPEN } from '../../context.ts'
import type { OperationBacklog } from '../../interface/operations.ts'

/** Reads open ones alone: there is an index of them, however many have settled. */
export async function operationBacklog({ db }: Context): Promise<OperationBacklog> {
  const row = await db
    .selectFrom('operations')
    .where('state', '=', OPEN)
    .select(eb => [
      eb.fn.countAll<number>().as('rows'),
      eb.fn.count<number>('nextTryAt').as('stuck'),
      eb.fn
        .min(sql<number | null>`case when ${sql.ref('nextTryAt')} is null then ${sql.ref('createdAt')} end`)
        .as('open'),
      eb.fn
        .min(sql<number | null>`case when ${sql.ref('nextTryAt')} is not null then ${sql.ref('createdAt')} end`)
        .as('oldestStuck'),
    ])
    .executeTakeFirstOrThrow()
  const targets = await db
    .selectFrom('operationTargets as t')
    .innerJoin('operations as o', 'o.id', 't.operationId')
    .where('t.open', '=', STILL_OPEN)
    .select(eb => [eb.fn.countAll<number>().as('rows'), eb.fn.count<number>('o.nextTryAt').as('stuck')])
    .executeTakeFirstOrThrow()
  const { rows, stuck, open, oldestStuck } = row
  return {
    open: rows - stuck,
    stuck,
    openTargets: targets.rows - targets.stuck,
    stuckTargets: targets.stuck,
    oldestOpen: open ?? undefined,
    oldestStuck: oldestStuck ?? undefined,
  }
}
