import { type Context, fromJson } from '../../context.ts'
import type { Tokens } from '../../interface/callers.ts'

export function tokenTable({ db, vault }: Context): Tokens {
  return {
    async add(token, secret) {
      const { methods, ...rest } = token
      const row = { ...rest, methods: JSON.stringify(methods), tokenHash: vault.hash(secret.reveal()) }
      await db.insertInto('tokens').values(row).execute()
    },
    async find(secret) {
      const query = db.selectFrom('tokens').selectAll().where('tokenHash', '=', vault.hash(secret.reveal()))
      const row = await query.executeTakeFirst()
      if (!row) return undefined
      const { tokenHash: _, methods, ...rest } = row
      return { ...rest, methods: fromJson<string[]>(methods) }
    },
    async remove(id) {
      await db.deleteFrom('tokens').where('id', '=', id).execute()
    },
    async sweep(now) {
      await db.deleteFrom('tokens').where('expiresAt', '<=', now).execute()
    },
  }
}
