import type {
  AccessListEntryRow,
  ApiKeyRow,
  InvitationRow,
  KeyProjectRow,
  MemberRow,
  NonceWindowRow,
  OperatorRow,
  ProjectRow,
  ServiceAccountRow,
  ServiceAccountSecretRow,
  TeamMemberRow,
  TeamRow,
  TokenRow,
} from './rows/callers.ts'
import type { DataKeyRow, InstallationRow } from './rows/installation.ts'
import type { AuditRow, OperationRow, ReplayRow, StepRow, TargetRow } from './rows/operations.ts'
import type {
  AccessGrantRow,
  AddressRow,
  ConnectionRow,
  DataSourceRow,
  DialectViewRow,
  FingerprintRow,
  InstanceRow,
} from './rows/servers.ts'
import type { ExpiryRow, ProjectRecordRow, UserRecordRow } from './rows/users.ts'

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
