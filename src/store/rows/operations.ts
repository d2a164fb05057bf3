import type { Generated } from 'kysely'
import type { Json, Sealed, YesNo } from './values.ts'

export interface OperationRow {
  id: string
  projectId: string
  state: 'open' | 'settled' | 'undone'
  operatorId: string
  keyId: string | null
  address: string
  dialect: string
  requestId: string
  createdAt: number
  settledAt: number | null
  attempts: number
  nextTryAt: number | null
  worker: string | null
  leaseUntil: number | null
  faultCode: string | null
  faultSubject: string | null
  faultMessage: string | null
  faultAt: number | null
  abandonedBy: string | null
  answer: 'none' | 'undelivered' | 'delivered'
  answerUntil: number | null
}

export interface TargetRow {
  operationId: string
  position: number
  /** Repeats the operation's state, because an index can't look into another table. */
  open: YesNo
  instanceId: string
  subjectKind: 'user' | 'database' | 'role' | 'connection'
  subjectKey: string
  kind: string
  change: Json
  password: Sealed | null
  incarnation: string | null
  record: Json | null
  outcome: Json | null
  outcomePassword: Sealed | null
  searchText: string
}

export interface StepRow {
  operationId: string
  target: number
  position: number
  database: string | null
  statement: string
  why: string
}

export interface ReplayRow {
  keyId: string
  replayKey: string
  requestHash: string
  operationId: string | null
  answer: Sealed | null
  until: number
}

export interface AuditRow {
  id: string
  /** Its place in the chain; null until the chaining worker has come by. */
  sequence: Generated<number | null>
  chainHash: Generated<string | null>
  projectId: string | null
  at: number
  operatorId: string
  keyId: string | null
  address: string
  dialect: string
  requestId: string
  operationId: string | null
  instanceId: string | null
  action: string
  subject: string
  detail: Json
  outcome: string
  reason: string | null
  searchText: string
}
