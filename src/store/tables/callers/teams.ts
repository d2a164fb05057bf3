import type { Team, TeamMember, TeamRole } from '../../../domain/callers/team.ts'
import { type Context, contains, searchable } from '../../context.ts'
import type { Teams } from '../../interface/callers.ts'
import type { TeamMemberRow, TeamRow } from '../../rows/callers.ts'

export function teamTable(context: Context): Teams {
  const { db } = context
  const member = (teamId: string, operatorId: string) =>
    db.selectFrom('teamMembers').selectAll().where('teamId', '=', teamId).where('operatorId', '=', operatorId)
  return {
    async add(team) {
      await db.insertInto('teams').values(toRow(team)).execute()
    },
    async find(id) {
      const row = await db.selectFrom('teams').selectAll().where('id', '=', id).executeTakeFirst()
      return row && teamFrom(row)
    },
    async list(projectId, { q, memberId }) {
      let query = db.selectFrom('teams').selectAll().where('projectId', '=', projectId)
      if (q) query = query.where(contains(context, 'searchText', q))
      if (memberId !== undefined) query = query.where('id', 'in', teamsOf(context, memberId))
      return (await query.orderBy('nameKey').orderBy('id').execute()).map(teamFrom)
    },
    async remove(id) {
      const { numDeletedRows } = await db.deleteFrom('teams').where('id', '=', id).executeTakeFirst()
      return numDeletedRows > 0n
    },
    async members(teamId) {
      const query = db.selectFrom('teamMembers').selectAll().where('teamId', '=', teamId)
      return (await query.orderBy('since').orderBy('operatorId').execute()).map(memberFrom)
    },
    async setMember({ id: teamId, projectId }, operatorId, role, now) {
      await db
        .insertInto('teamMembers')
        .values({ teamId, projectId, operatorId, role, since: now })
        .onConflict(known => known.columns(['teamId', 'operatorId']).doUpdateSet({ role }))
        .execute()
    },
    async removeMember(teamId, operatorId) {
      const query = db.deleteFrom('teamMembers').where('teamId', '=', teamId).where('operatorId', '=', operatorId)
      return (await query.executeTakeFirst()).numDeletedRows > 0n
    },
    async roleOf(teamId, operatorId) {
      const row = await member(teamId, operatorId).executeTakeFirst()
      return row && memberFrom(row).role
    },
  }
}

function teamsOf({ db }: Context, operatorId: string) {
  return db.selectFrom('teamMembers').select('teamId').where('operatorId', '=', operatorId)
}

function toRow({ id, projectId, name, createdAt }: Team): TeamRow {
  return { id, projectId, name, nameKey: name.trim().normalize('NFC'), createdAt, searchText: searchable(name) }
}

function teamFrom({ id, projectId, name, createdAt }: TeamRow): Team {
  return { id, projectId, name, createdAt }
}

function memberFrom({ teamId, operatorId, role, since }: TeamMemberRow): TeamMember {
  return { teamId, operatorId, role: role as TeamRole, since }
}
