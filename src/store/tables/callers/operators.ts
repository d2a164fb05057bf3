import type { Operator } from '../../../domain/callers/operator.ts'
import { cutPage } from '../../../domain/page.ts'
import { type Context, searchable, within, withNulls, withoutNulls, yesNo } from '../../context.ts'
import type { Operators } from '../../interface/callers.ts'
import type { OperatorRow } from '../../rows/callers.ts'

export function operatorTable(context: Context): Operators {
  const { db } = context
  const select = () => db.selectFrom('operators').selectAll()
  return {
    async add(operator) {
      await db.insertInto('operators').values(toRow(operator)).execute()
    },
    async find(id) {
      const row = await select().where('id', '=', id).executeTakeFirst()
      return row && operatorFrom(row)
    },
    async findByUsername(username) {
      const row = await select().where('username', '=', username).executeTakeFirst()
      return row && operatorFrom(row)
    },
    async list(page) {
      const query = select().where(within(context, page, 'id', 'searchText'))
      const rows = await query
        .orderBy('id')
        .limit(page.limit + 1)
        .execute()
      return cutPage(rows.map(operatorFrom), page.limit, operator => operator.id)
    },
    async hold(id) {
      const query = select().where('id', '=', id)
      const row = await (context.words.rowLocks ? query.forNoKeyUpdate() : query).executeTakeFirst()
      return row && operatorFrom(row)
    },
    async describe(operator) {
      const { id, email, name, searchText } = toRow(operator)
      await db.updateTable('operators').set({ email, name, searchText }).where('id', '=', id).execute()
    },
    async setDisabled(id, at) {
      await db
        .updateTable('operators')
        .set({ disabledAt: at ?? null })
        .where('id', '=', id)
        .execute()
    },
    async setHome(id, homeProjectId) {
      await db.updateTable('operators').set({ homeProjectId }).where('id', '=', id).execute()
    },
    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('operators').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
    async count() {
      const { rows } = await db
        .selectFrom('operators')
        .select(eb => eb.fn.countAll<number>().as('rows'))
        .executeTakeFirstOrThrow()
      return rows
    },
  }
}

function toRow(operator: Operator): OperatorRow {
  return withNulls({
    id: operator.id,
    username: operator.username,
    email: operator.email,
    name: operator.name,
    issuer: operator.issuer,
    subject: operator.subject,
    first: yesNo(operator.first),
    homeProjectId: operator.homeProjectId,
    disabledAt: operator.disabledAt,
    createdAt: operator.createdAt,
    searchText: searchable(operator.username, operator.email, operator.name),
  })
}

export function operatorFrom({ searchText: _, ...row }: OperatorRow): Operator {
  return { ...withoutNulls(row), first: row.first === 1 }
}
