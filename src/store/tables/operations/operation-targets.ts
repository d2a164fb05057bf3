import { subjectOf } from '../../../domain/users/change.ts'
import { type Context, OPEN, STILL_OPEN, toJson } from '../../context.ts'
import type { Held, Operations } from '../../interface/operations.ts'
import { toChangeRow, toFaultRow, toOutcomeRow, toStepRows } from './operation-rows.ts'

type Targets = Pick<Operations, 'finishTargets' | 'turnBack' | 'supersede'>

/** Targets that come to their end one by one, each on its own server. */
export function operationTargets(context: Context): Targets {
  const { db } = context
  const row = (id: string, position: number) =>
    db.updateTable('operationTargets').where('operationId', '=', id).where('position', '=', position)
  return {
    async finishTargets(id, held, done, now, answerUntil, fault) {
      if (!(await isHeld(context, id, held))) return undefined
      for (const { position, outcome, steps } of done) {
        const told = outcome && toOutcomeRow(context.vault, id, position, outcome)
        await row(id, position)
          .set({ ...told, open: 0, password: null })
          .execute()
        await replaceSteps(context, id, position, steps)
      }
      if (done.some(({ outcome }) => outcome?.password)) {
        const answer = { answer: 'undelivered', answerUntil } as const
        await db.updateTable('operations').set(answer).where('id', '=', id).execute()
      }
      if (fault) await db.updateTable('operations').set(toFaultRow(fault)).where('id', '=', id).execute()
      return closeIfDone(context, id, now)
    },
    async turnBack(id, held, back) {
      if (!(await isHeld(context, id, held))) return false
      for (const { position, change, record } of back) {
        const { key, kind } = subjectOf(change)
        const turned = { kind: change.kind, ...toChangeRow(context.vault, id, position, change) }
        await row(id, position)
          .set({ ...turned, subjectKind: kind, subjectKey: key, record: toJson(record) ?? null })
          .execute()
      }
      return true
    },
    async supersede(instanceId, subject, now) {
      const found = await db
        .selectFrom('operationTargets as t')
        .innerJoin('operations as o', 'o.id', 't.operationId')
        .select(['t.operationId as id', 't.position'])
        .where('t.instanceId', '=', instanceId)
        .where('t.subjectKind', '=', subject.kind)
        .where('t.subjectKey', '=', subject.key)
        .where('t.open', '=', STILL_OPEN)
        // Only one that waits for its next try: nobody acts on it.
        .where('o.nextTryAt', 'is not', null)
        .executeTakeFirst()
      if (!found) return undefined
      await row(found.id, found.position).set({ open: 0, password: null }).execute()
      await closeIfDone(context, found.id, now)
      return found.id
    },
  }
}

/** Answers how many are left. */
async function closeIfDone({ db }: Context, id: string, now: number): Promise<number> {
  const open = db.selectFrom('operationTargets').where('operationId', '=', id).where('open', '=', STILL_OPEN)
  const { left } = await open.select(eb => eb.fn.countAll<number>().as('left')).executeTakeFirstOrThrow()
  const settled = { worker: null, leaseUntil: null, nextTryAt: null, state: 'settled', settledAt: now } as const
  if (left === 0)
    await db.updateTable('operations').set(settled).where('id', '=', id).where('state', '=', OPEN).execute()
  return left
}

/** Writes the row's own attempt, and so keeps others out until the end of the transaction. */
async function isHeld({ db }: Context, id: string, { worker, attempt }: Held): Promise<boolean> {
  const query = db.updateTable('operations').set({ attempts: attempt }).where('id', '=', id).where('state', '=', OPEN)
  const mine = query.where('worker', '=', worker).where('attempts', '=', attempt)
  return (await mine.executeTakeFirst()).numUpdatedRows > 0n
}

async function replaceSteps(
  { db }: Context,
  id: string,
  target: number,
  steps: Parameters<typeof toStepRows>[2],
): Promise<void> {
  await db.deleteFrom('operationSteps').where('operationId', '=', id).where('target', '=', target).execute()
  const rows = toStepRows(id, target, steps)
  if (rows.length > 0) await db.insertInto('operationSteps').values(rows).execute()
}
