import { type Context, withNulls, withoutNulls } from '../../context.ts'
import type { ServiceAccounts } from '../../interface/callers.ts'

export function serviceAccountTable({ db }: Context): ServiceAccounts {
  return {
    async add(account) {
      await db.insertInto('serviceAccounts').values(account).execute()
    },
    find: keyId => db.selectFrom('serviceAccounts').selectAll().where('keyId', '=', keyId).executeTakeFirst(),
    async listAmong(keyIds) {
      if (keyIds.length === 0) return []
      const query = db
        .selectFrom('serviceAccounts')
        .selectAll()
        .where('keyId', 'in', [...keyIds])
      return query.orderBy('keyId').execute()
    },
    async rename(keyId, name) {
      await db.updateTable('serviceAccounts').set({ name }).where('keyId', '=', keyId).execute()
    },
    async addSecret(secret) {
      await db
        .insertInto('serviceAccountSecrets')
        .values(withNulls({ ...secret, lastUsedAt: secret.lastUsedAt }))
        .execute()
    },
    async secrets(keyId) {
      const query = db.selectFrom('serviceAccountSecrets').selectAll().where('keyId', '=', keyId)
      const rows = await query.orderBy('createdAt').orderBy('id').execute()
      return rows.map(row => withoutNulls(row))
    },
    async removeSecret(keyId, id) {
      const query = db.deleteFrom('serviceAccountSecrets').where('keyId', '=', keyId).where('id', '=', id)
      return (await query.executeTakeFirst()).numDeletedRows > 0n
    },
    async touchSecret(id, at) {
      await db.updateTable('serviceAccountSecrets').set({ lastUsedAt: at }).where('id', '=', id).execute()
    },
  }
}
