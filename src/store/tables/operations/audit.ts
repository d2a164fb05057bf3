import { ulid } from '../../../domain/id.ts'
import type { AuditLine } from '../../../domain/operations/audit.ts'
import { cutPage } from '../../../domain/page.ts'
import { type Context, fromJson, searchable, withinBackwards, withNulls, withoutNulls } from '../../context.ts'
import type { Audit } from '../../interface/operations.ts'
import { repeated } from '../../repeated.ts'
import type { AuditRow } from '../../rows/operations.ts'
import { lineIsVisible } from '../servers/visibility.ts'

export function auditTable(context: Context): Audit {
  const { db } = context
  return {
    async add(line) {
      await repeated(context, 'add audit line', [toRow(line)], rows => db.insertInto('auditLines').values(rows))
    },
    async list(projectId, page) {
      const query = db.selectFrom('auditLines').selectAll().where('projectId', '=', projectId)
      const rows = await query
        .where(withinBackwards(context, page, 'id', 'searchText'))
        .orderBy('id', 'desc')
        .limit(page.limit + 1)
        .execute()
      return cutPage(rows.map(lineFrom), page.limit, line => line.id)
    },
    async listAfter(projectId, after, limit, visibleTo) {
      const all = db.selectFrom('auditLines').selectAll().where('projectId', '=', projectId).where('id', '>', after)
      const query = visibleTo === undefined ? all : all.where(lineIsVisible(context, projectId, visibleTo))
      return (await query.orderBy('id').limit(limit).execute()).map(lineFrom)
    },
    async lastId(projectId) {
      const query = db.selectFrom('auditLines').select('id').where('projectId', '=', projectId)
      return (await query.orderBy('id', 'desc').limit(1).executeTakeFirst())?.id
    },
  }
}

let written = 0

/** Sorts by time; lines of one process in one millisecond keep the order in which they were written. */
function lineId(at: number): string {
  written += 1
  const [time, random] = [ulid(at).slice(0, 10), ulid(at).slice(-10)]
  return `${time}${String(written).padStart(10, '0')}${random}`
}

function toRow(line: AuditLine) {
  return withNulls({
    id: lineId(line.at),
    projectId: line.projectId,
    at: line.at,
    operatorId: line.operatorId,
    keyId: line.keyId,
    address: line.address,
    dialect: line.dialect,
    requestId: line.requestId,
    operationId: line.operationId,
    instanceId: line.instanceId,
    action: line.action,
    subject: line.subject,
    detail: JSON.stringify(line.detail),
    outcome: line.outcome,
    reason: line.reason,
    searchText: searchable(line.action, line.subject),
  })
}

function lineFrom({ searchText: _, sequence: _sequence, chainHash: _hash, ...row }: Line): AuditLine & { id: string } {
  return {
    ...withoutNulls(row),
    dialect: row.dialect as AuditLine['dialect'],
    outcome: row.outcome as AuditLine['outcome'],
    detail: fromJson(row.detail),
  }
}

type Line = Omit<AuditRow, 'sequence' | 'chainHash'> & { sequence: number | null; chainHash: string | null }
