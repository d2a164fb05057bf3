import type { Generated } from 'kysely'

/**
 * The tables as queries see them: camel case here, snake case in the database. Times are epoch milliseconds, yes and no are 1 and 0,
 * lists and objects are JSON text, and what is `sealed` is a text of `sealing/vault.ts`. Why the tables are so: `migrations/`.
 */
export interface Schema {
  installation: InstallationRow
  dataKeys: DataKeyRow
  operators: OperatorRow
  projects: ProjectRow
  members: MemberRow
  apiKeys: ApiKeyRow
  keyProjects: KeyProjectRow
  instances: InstanceRow
  instanceFingerprints: FingerprintRow
  instanceAddresses: AddressRow
  dialectViews: DialectViewRow
  connections: ConnectionRow
  teams: TeamRow
  teamMembers: TeamMemberRow
  invitations: InvitationRow
  dataSources: DataSourceRow
  accessGrants: AccessGrantRow
  userRecords: UserRecordRow
  expiries: ExpiryRow
  projectRecords: ProjectRecordRow
  operations: OperationRow
  operationTargets: TargetRow
  operationSteps: StepRow
  replays: ReplayRow
  tokens: TokenRow
  nonceWindows: NonceWindowRow
  serviceAccounts: ServiceAccountRow
  serviceAccountSecrets: ServiceAccountSecretRow
  accessListEntries: AccessListEntryRow
  auditLines: AuditRow
}

type YesNo = 0 | 1
type Json = string
type Sealed = string

export interface InstallationRow {
  one: 1
  id: string
  schemaVersion: number
  /** The release that brought this schema. */
  release: string
}

export interface DataKeyRow {
  id: string
  purpose: 'seal' | 'lookup'
  wrapped: string
  createdAt: number
}

export interface OperatorRow {
  id: string
  username: string
  email: string | null
  name: string | null
  issuer: string | null
  subject: string | null
  first: YesNo
  homeProjectId: string | null
  disabledAt: number | null
  createdAt: number
  searchText: string
}

export interface ProjectRow {
  id: string
  name: string
  alias: string | null
  policy: Json
  createdAt: number
  version: number
  searchText: string
}

export interface MemberRow {
  projectId: string
  operatorId: string
  role: string
  since: number
}

export interface ApiKeyRow {
  id: string
  publicKey: string
  operatorId: string
  homeProjectId: string
  description: string | null
  networks: Json
  createdAt: number
  expiresAt: number | null
  revokedAt: number | null
  lastUsedAt: number | null
  secretHash: string
  digestMd5: Sealed
  digestSha256: Sealed
  searchText: string
  madeBy: string | null
}

export interface KeyProjectRow {
  keyId: string
  projectId: string
  role: string
  scopes: Json | null
}

export interface TokenRow {
  id: string
  tokenHash: string
  keyId: string
  projectId: string
  methods: Json
  issuedAt: number
  expiresAt: number
}

export interface NonceWindowRow {
  nonce: string
  keyId: string
  highest: number
  /** Bit n: the count n below the highest was used. */
  seen: number
  until: number
}

export interface ServiceAccountRow {
  keyId: string
  name: string
}

export interface ServiceAccountSecretRow {
  id: string
  keyId: string
  hash: string
  ending: string
  createdAt: number
  expiresAt: number
  lastUsedAt: number | null
}

export interface AccessListEntryRow {
  projectId: string
  network: string
  comment: string | null
  createdAt: number
  deleteAt: number | null
}

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

export interface TeamRow {
  id: string
  projectId: string
  name: string
  nameKey: string
  createdAt: number
  searchText: string
}

export interface TeamMemberRow {
  teamId: string
  projectId: string
  operatorId: string
  role: string
  since: number
}

export interface InvitationRow {
  id: string
  projectId: string
  senderId: string
  email: string
  role: string
  thingKind: 'team' | 'connection' | 'data-source' | null
  thingId: string | null
  thingRole: string | null
  codeHash: string
  createdAt: number
  expiresAt: number
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
