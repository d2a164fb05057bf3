import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Entity } from '../../../domain/callers/access.ts'
import type { Context } from '../../context.ts'
import type { Schema } from '../../schema.ts'

/** Of access lists: grants that reach the operator, by its own name, by a team's, or as a member of the project. */
export function reaching({ db }: Pick<Context, 'db'>, operatorId: string) {
  return (grant: ExpressionBuilder<Schema, 'accessGrants'>): Expression<SqlBool> =>
    grant.or([
      grant('accessGrants.subjectKind', '=', 'organisation'),
      grant('accessGrants.operatorId', '=', operatorId),
      grant(
        'accessGrants.teamId',
        'in',
        db.selectFrom('teamMembers').select('teamMembers.teamId').where('teamMembers.operatorId', '=', operatorId),
      ),
    ])
}

/** Ids of the things of a project that access lists show to the operator. */
export function visibleEntities(context: Context, kind: Entity['kind'], projectId: string, operatorId: string) {
  return context.db
    .selectFrom('accessGrants')
    .select('accessGrants.entityId')
    .where('accessGrants.projectId', '=', projectId)
    .where('accessGrants.entityKind', '=', kind)
    .where(reaching(context, operatorId))
}

/** Ids of the instances that some visible connection leads to. Retired ones count: what leaves is seen until it is gone. */
export function visibleInstances(context: Context, projectId: string, operatorId: string) {
  return context.db
    .selectFrom('connections')
    .select('connections.instanceId')
    .where('connections.id', 'in', visibleEntities(context, 'connection', projectId, operatorId))
}

/** Nothing that it touches is hidden. What is gone has no access list any more: only who asked for the operation still sees it. */
export function operationIsVisible(context: Context, projectId: string, operatorId: string): Expression<SqlBool> {
  const { db } = context
  const gone = sql<SqlBool>`${sql.ref('operations.operatorId')} = ${operatorId}
    and ${sql.ref('t.instanceId')} not in ${db.selectFrom('instances').select('instances.id')}`
  const hidden = db
    .selectFrom('operationTargets as t')
    .select('t.operationId')
    .where(sql<SqlBool>`${sql.ref('t.operationId')} = ${sql.ref('operations.id')}`)
    .where('t.instanceId', 'not in', visibleInstances(context, projectId, operatorId))
    .where(sql<SqlBool>`not (${gone})`)
  return sql<SqlBool>`not exists ${hidden}`
}

/** Lines of the audit that a member without the right to all of it may see: its own, who belongs to the project, and what is visible. */
export function lineIsVisible(context: Context, projectId: string, operatorId: string): Expression<SqlBool> {
  const { db } = context
  const [action, subject, instance] = ['action', 'subject', 'instanceId'].map(name => sql.ref(`auditLines.${name}`))
  const own = sql`${sql.ref('auditLines.operatorId')} = ${operatorId}`
  const operations = db
    .selectFrom('operations')
    .select('operations.id')
    .where(sql<SqlBool>`${sql.ref('operations.id')} = ${sql.ref('auditLines.operationId')}`)
    .where(operationIsVisible(context, projectId, operatorId))
  const connections = visibleEntities(context, 'connection', projectId, operatorId)
  const allConnections = db.selectFrom('connections').select('connections.id')
  const instances = visibleInstances(context, projectId, operatorId)
  const allInstances = db.selectFrom('instances').select('instances.id')
  return sql<SqlBool>`case
    when ${sql.ref('auditLines.operationId')} is not null then exists ${operations}
    when ${instance} is not null then ${instance} in ${instances} or (${own} and ${instance} not in ${allInstances})
    when ${action} like 'connection.%' then
      ${subject} in ${connections} or (${own} and ${subject} not in ${allConnections})
    when ${action} like 'member.%' or ${action} like 'project.%' then ${sql.lit(true)}
    else ${own} end`
}
