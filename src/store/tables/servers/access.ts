import {
  ACCESS,
  type Access,
  type AccessGrant,
  type AccessSubject,
  type Entity,
  strongestAccess,
} from '../../../domain/callers/access.ts'
import { type Context, withNulls } from '../../context.ts'
import type { AccessLists } from '../../interface/servers.ts'
import type { AccessGrantRow } from '../../rows/servers.ts'
import { operationIsVisible, reaching } from './visibility.ts'

export function accessTable(context: Context): AccessLists {
  const { db } = context
  return {
    async set(grant) {
      const { access } = grant
      await db
        .insertInto('accessGrants')
        .values(toRow(grant))
        .onConflict(known =>
          known.columns(['entityKind', 'entityId', 'subjectKind', 'subjectId']).doUpdateSet({ access }),
        )
        .execute()
    },
    async remove(entity, subject) {
      const query = db.deleteFrom('accessGrants').where('entityKind', '=', entity.kind)
      const { numDeletedRows } = await query
        .where('entityId', '=', entity.id)
        .where('subjectKind', '=', subject.kind)
        .where('subjectId', '=', subject.id)
        .executeTakeFirst()
      return numDeletedRows > 0n
    },
    async list({ kind, id }) {
      const query = db.selectFrom('accessGrants').selectAll().where('entityKind', '=', kind).where('entityId', '=', id)
      return (await query.orderBy('since').orderBy('subjectId').execute()).map(grantFrom)
    },
    async strongest(operatorId, kind, ids) {
      if (ids.length === 0) return new Map()
      const rows = await db
        .selectFrom('accessGrants')
        .select(['entityId', 'access'])
        .where('entityKind', '=', kind)
        .where('entityId', 'in', [...ids])
        .where(reaching(context, operatorId))
        .execute()
      return strongestOfEach(rows)
    },
    async seesInstance(operatorId, instanceId) {
      const query = db
        .selectFrom('connections')
        .innerJoin('accessGrants', 'accessGrants.connectionId', 'connections.id')
        .select('connections.id')
        .where('connections.instanceId', '=', instanceId)
        .where(grant => reaching(context, operatorId)(grant as unknown as Parameters<ReturnType<typeof reaching>>[0]))
      return (await query.limit(1).executeTakeFirst()) !== undefined
    },
    async seesOperation(operatorId, operationId) {
      const { projectId } = (await projectOf(context, operationId)) ?? {}
      if (projectId === undefined) return false
      const query = db.selectFrom('operations').select('id').where('id', '=', operationId)
      return (await query.where(operationIsVisible(context, projectId, operatorId)).executeTakeFirst()) !== undefined
    },
  }
}

function projectOf({ db }: Context, operationId: string) {
  return db.selectFrom('operations').select('projectId').where('id', '=', operationId).executeTakeFirst()
}

function strongestOfEach(rows: readonly { entityId: string; access: string }[]): ReadonlyMap<string, Access> {
  const found = new Map<string, Access>()
  for (const { entityId, access } of rows) {
    const all = [found.get(entityId), accessFrom(access)].filter(one => one !== undefined)
    found.set(entityId, strongestAccess(all)!)
  }
  return found
}

function toRow({ projectId, entity, subject, access, since }: AccessGrant): AccessGrantRow {
  return withNulls({
    projectId,
    entityKind: entity.kind,
    entityId: entity.id,
    subjectKind: subject.kind,
    subjectId: subject.id,
    access,
    since,
    connectionId: ifKind(entity, 'connection'),
    dataSourceId: ifKind(entity, 'data-source'),
    operatorId: ifKind(subject, 'user'),
    teamId: ifKind(subject, 'team'),
  })
}

function ifKind({ kind, id }: Entity | AccessSubject, wanted: string): string | undefined {
  return kind === wanted ? id : undefined
}

function grantFrom(row: AccessGrantRow): AccessGrant {
  return {
    projectId: row.projectId,
    entity: { kind: row.entityKind, id: row.entityId },
    subject: { kind: row.subjectKind, id: row.subjectId },
    access: accessFrom(row.access),
    since: row.since,
  }
}

/** What a later release wrote, and this one doesn't know, gives the least. */
function accessFrom(text: string): Access {
  return ACCESS.find(access => access === text) ?? 'user'
}
