import type { Json, Sealed, YesNo } from './values.ts'

export interface InstanceRow {
  id: string
  projectId: string
  engine: string
  name: string
  slug: string
  versionSlug: string | null
  mode: string
  policy: Json
  tags: Json
  advertise: Json
  accountHost: string | null
  defaultDatabase: string | null
  managingConnectionId: string | null
  serverVersion: string | null
  serverVariant: string | null
  serverReadOnly: YesNo | null
  serverFingerprint: string | null
  serverSeenAt: number | null
  changedFingerprint: string | null
  changedSince: number | null
  leaving: YesNo
  createdAt: number
  updatedAt: number
  version: number
  searchText: string
}

export interface FingerprintRow {
  instanceId: string
  fingerprint: string
  since: number
}

export interface AddressRow {
  projectId: string
  engine: string
  host: string
  port: number
  instanceId: string
  connectionId: string
}

export interface DialectViewRow {
  instanceId: string
  projectId: string
  dialect: string
  state: 'listed' | 'claimed' | 'released'
  alias: string | null
  details: Json
}

export interface ConnectionRow {
  id: string
  projectId: string
  instanceId: string
  name: string
  nameKey: string
  engine: string
  databaseType: string
  host: string
  port: number
  hosts: Json
  database: string
  username: string
  credentialKind: 'sealed' | 'env' | 'file' | null
  /** The sealed secret, the variable's name or the file's path. */
  credential: string | null
  authDatabase: string | null
  mechanism: string | null
  tls: Json | null
  tlsClientKey: Sealed | null
  options: Json
  createdBy: string
  createdAt: number
  updatedAt: number
  provedAt: number | null
  /** `userKeyText`. */
  account: string | null
  missingRights: Json | null
  /** The last of its instance, kept while operations there are open: seen by nobody else. */
  removedAt: number | null
  testOutcome: 'SUCCESS' | 'FAILURE' | null
  testDetail: string | null
  testAt: number | null
  version: number
  searchText: string
}

export interface DataSourceRow {
  id: string
  projectId: string
  name: string
  kind: 'table' | 'csv'
  connectionId: string | null
  tableName: string | null
  rows: Json | null
  createdBy: string
  createdAt: number
  updatedAt: number
  version: number
  searchText: string
}

/** The entity and the subject stand there twice: as what is asked for, and as references that go with what they refer to. */
export interface AccessGrantRow {
  projectId: string
  entityKind: 'connection' | 'data-source'
  entityId: string
  subjectKind: 'user' | 'team' | 'organisation'
  subjectId: string
  access: string
  since: number
  connectionId: string | null
  dataSourceId: string | null
  operatorId: string | null
  teamId: string | null
}
