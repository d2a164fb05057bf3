import type { Json, Sealed } from './values.ts'

export interface UserRecordRow {
  instanceId: string
  userKey: string
  incarnation: string | null
  madeOperationId: string | null
  madeOperatorId: string | null
  madeUsername: string | null
  madeDialect: string | null
  madeAt: number | null
  passwordChangedAt: number | null
  labels: Json
  description: string | null
  validUntil: number | null
  asked: Json
  password: Sealed | null
}

export interface ExpiryRow {
  instanceId: string
  userKey: string
  incarnation: string
  due: number
  tries: number
  /** When it is tried next; while a worker has it, when its lease ends. */
  tryAt: number
  worker: string | null
  lockedAt: number | null
  faultCode: string | null
  faultSubject: string | null
  faultMessage: string | null
  faultAt: number | null
}

export interface ProjectRecordRow {
  projectId: string
  kind: 'user' | 'role'
  key: string
  createdAt: number
  places: Json
  current: Json | null
  password: Sealed | null
  operationId: string | null
  change: 'create' | 'change' | 'remove' | null
  next: Json | null
  nextPassword: Sealed | null
}
