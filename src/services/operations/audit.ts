import type { Caller } from '../../domain/callers/caller.ts'
import type { AuditLine } from '../../domain/operations/audit.ts'

/** The audit line of a change that is done in one store transaction. */
export function auditOf(
  caller: Caller,
  change: Pick<AuditLine, 'projectId' | 'instanceId' | 'action' | 'subject' | 'detail' | 'at'>,
): AuditLine {
  return {
    ...change,
    operatorId: caller.operator.id,
    keyId: caller.key.id,
    address: caller.address,
    dialect: caller.dialect,
    requestId: caller.requestId,
    outcome: 'done',
  }
}
