import type { Member } from '../../../domain/callers/project.ts'
import { cutPage } from '../../../domain/page.ts'
import type { Role } from '../../../domain/users/role.ts'
import { type Context, within } from '../../context.ts'
import type { Members } from '../../interface/callers.ts'
import type { MemberRow } from '../../rows/callers.ts'

export function memberTable(context: Context): Members {
  const { db } = context
  const select = () =>
    db
      .selectFrom('members')
      .innerJoin('operators', 'operators.id', 'members.operatorId')
      .selectAll('members')
      .select('operators.username')
  return {
    async list(projectId, page) {
      const query = select().where('members.projectId', '=', projectId)
      const rows = await query
        .where(within(context, page, 'members.operatorId', 'operators.searchText'))
        .orderBy('members.operatorId')
        .limit(page.limit + 1)
        .execute()
      return cutPage(rows.map(memberFrom), page.limit, member => member.operatorId)
    },
    async find(projectId, operatorId) {
      const query = select().where('members.projectId', '=', projectId)
      const row = await query.where('members.operatorId', '=', operatorId).executeTakeFirst()
      return row && memberFrom(row)
    },
    async set(projectId, operatorId, role, now) {
      await db
        .insertInto('members')
        .values({ projectId, operatorId, role, since: now })
        .onConflict(taken => taken.columns(['projectId', 'operatorId']).doUpdateSet({ role }))
        .execute()
    },
    async remove(projectId, operatorId) {
      const query = db.deleteFrom('members').where('projectId', '=', projectId)
      const { numDeletedRows } = await query.where('operatorId', '=', operatorId).executeTakeFirst()
      return numDeletedRows > 0n
    },
    async listOf(operatorId) {
      const query = select().where('members.operatorId', '=', operatorId)
      return (await query.orderBy('members.projectId').execute()).map(memberFrom)
    },
    async countWith(projectId, role) {
      const query = db.selectFrom('members').where('projectId', '=', projectId).where('role', '=', role)
      const { rows } = await query.select(eb => eb.fn.countAll<number>().as('rows')).executeTakeFirstOrThrow()
      return rows
    },
  }
}

function memberFrom(row: MemberRow & { readonly username: string }): Member {
  return { ...row, role: row.role as Role }
}
