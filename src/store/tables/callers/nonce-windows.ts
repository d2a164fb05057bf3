import { sql } from 'kysely'
import type { Context } from '../../context.ts'
import type { NonceWindows } from '../../interface/callers.ts'

/** Bits of `seen`, and so of a number in both databases. */
const WIDTH = 64

export function nonceWindowTable({ db, vault }: Context): NonceWindows {
  return {
    hash: text => vault.hash(text),
    async use({ nonce, keyId, count, until }) {
      const [highest, seen] = [sql.ref<number>('nonceWindows.highest'), sql.ref<number>('nonceWindows.seen')]
      const given = sql<number>`cast(${count} as bigint)`
      // Bit n of `seen`: the count n below the highest was used.
      const bit = sql<number>`(cast(1 as bigint) << cast((${highest} - ${given}) % ${sql.lit(WIDTH)} as integer))`
      const moved = sql<number>`(${seen} << cast((${given} - ${highest}) % ${sql.lit(WIDTH)} as integer)) | 1`
      const later = sql<boolean>`${given} > ${highest}`
      const inside = sql<boolean>`(${highest} - ${given} < ${sql.lit(WIDTH)} and (${seen} & ${bit}) = 0)`
      const added = await db
        .insertInto('nonceWindows')
        .values({ nonce, keyId, highest: count, seen: 1, until })
        .onConflict(taken =>
          taken
            .columns(['nonce', 'keyId'])
            .doUpdateSet({
              highest: sql<number>`case when ${later} then ${given} else ${highest} end`,
              seen: sql<number>`case when ${later} and ${given} - ${highest} >= ${sql.lit(WIDTH)} then 1 when ${later} then ${moved} else ${seen} | ${bit} end`,
            })
            .where(sql<boolean>`(${later} or ${inside})`),
        )
        .returning('nonce')
        .execute()
      return added.length > 0
    },
    async sweep(now) {
      await db.deleteFrom('nonceWindows').where('until', '<=', now).execute()
    },
  }
}
