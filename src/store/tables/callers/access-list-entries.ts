import { type Context, withNulls, withoutNulls } from '../../context.ts'
import type { AccessListEntries } from '../../interface/callers.ts'

export function accessListEntryTable({ db }: Context): AccessListEntries {
  return {
    async list(projectId, now) {
      const query = db.selectFrom('accessListEntries').selectAll().where('projectId', '=', projectId)
      const open = query.where(eb => eb.or([eb('deleteAt', 'is', null), eb('deleteAt', '>', now)]))
      const rows = await open.orderBy('createdAt').orderBy('network').execute()
      return rows.map(row => withoutNulls(row))
    },
    async set({ projectId, network, comment, createdAt, deleteAt }) {
      const row = withNulls({ projectId, network, comment, createdAt, deleteAt })
      const said = withNulls({ comment, deleteAt })
      await db
        .insertInto('accessListEntries')
        .values(row)
        .onConflict(taken => taken.columns(['projectId', 'network']).doUpdateSet(said))
        .execute()
    },
    async remove(projectId, network) {
      const query = db.deleteFrom('accessListEntries').where('projectId', '=', projectId)
      return (await query.where('network', '=', network).executeTakeFirst()).numDeletedRows > 0n
    },
    async sweep(now) {
      await db.deleteFrom('accessListEntries').where('deleteAt', '<=', now).execute()
    },
  }
}
