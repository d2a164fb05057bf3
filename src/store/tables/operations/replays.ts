import { Fault } from '../../../domain/fault.ts'
import { Secret } from '../../../domain/secret.ts'
import { type Context, fromJson, withNulls, withoutNulls } from '../../context.ts'
import type { ClaimedReplay, Replay, Replays } from '../../interface/replays.ts'
import type { ReplayRow } from '../../rows/operations.ts'
import type { Vault } from '../../sealing/vault.ts'

export function replayTable({ db, vault, words }: Context): Replays {
  return {
    hash: text => vault.hash(text),
    async find(keyId, replayKey, now) {
      const query = db.selectFrom('replays').selectAll().where('keyId', '=', keyId).where('replayKey', '=', replayKey)
      const row = await query.where('until', '>', now).executeTakeFirst()
      return row && replayFrom(vault, row)
    },
    async add(replay) {
      const now = await words.now(db)
      const row = toRow(vault, replay)
      const added = await db
        .insertInto('replays')
        .values(row)
        .onConflict(taken => taken.columns(['keyId', 'replayKey']).doUpdateSet(row).where('replays.until', '<=', now))
        .returning('keyId')
        .execute()
      if (added.length === 0) throw new Fault('exists', 'request', 'That Idempotency-Key is taken')
    },
    async save(replay) {
      const { operationId, ...row } = toRow(vault, replay)
      // Once an operation is known, it stays known: a repeat is answered to those alone who may see it.
      const set = operationId === null ? row : { ...row, operationId }
      const query = db.updateTable('replays').set(set).where('keyId', '=', replay.keyId)
      const mine = query.where('replayKey', '=', replay.replayKey).where('until', 'in', ownUntils(replay))
      const { numUpdatedRows } = await mine.executeTakeFirst()
      if (numUpdatedRows === 0n)
        throw new Fault('conflict', 'request', 'A later request with this Idempotency-Key has taken over')
    },
    async remove(replay) {
      const query = db.deleteFrom('replays').where('keyId', '=', replay.keyId).where('replayKey', '=', replay.replayKey)
      const { operationId } = replay
      const mine = operationId ? query.where('operationId', '=', operationId) : query.where('operationId', 'is', null)
      await mine.where('until', 'in', ownUntils(replay)).execute()
    },
    async removeUnfinished() {
      await db.deleteFrom('replays').where('operationId', 'is', null).where('answer', 'is', null).execute()
    },
  }
}

/** What stands in the row while it is this request's: from its claim, or from its own save. */
function ownUntils({ claim, until }: ClaimedReplay): readonly number[] {
  return [claim, until]
}

export function answerPlace({ keyId, replayKey }: Pick<ReplayRow, 'keyId' | 'replayKey'>) {
  return ['replays', JSON.stringify([keyId, replayKey]), 'answer'] as const
}

function toRow(vault: Vault, replay: Replay): ReplayRow {
  return withNulls({
    keyId: replay.keyId,
    replayKey: replay.replayKey,
    requestHash: replay.requestHash,
    operationId: replay.operationId,
    answer: replay.answer && vault.seal(new Secret(JSON.stringify(replay.answer)), answerPlace(replay)),
    until: replay.until,
  })
}

/** An answer that can't be opened any more is as good as none: the operation still tells what came of it. */
function replayFrom(vault: Vault, row: ReplayRow): Replay {
  const answer = row.answer === null ? undefined : vault.open(row.answer, answerPlace(row))
  return { ...withoutNulls({ ...row, answer: null }), answer: answer && fromJson(answer.reveal()) }
}
