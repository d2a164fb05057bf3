import type { Caller } from '../domain/callers/caller.ts'
import type { Fault } from '../domain/fault.ts'
import type { Policy } from '../domain/servers/policy.ts'
import type { Engines } from '../engines/registry.ts'
import type { FanOut } from '../ledger/fan-out/perform.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Store } from '../store/store.ts'
import { type AccessLists, createAccessLists } from './access/access-lists.ts'
import { type Authentication, createAuthentication } from './callers/authentication.ts'
import { createDigest, type Digest, type DigestRules } from './callers/digest/digest.ts'
import { seesEveryProject } from './callers/every-project.ts'
import { createInvitations, type Invitations } from './callers/invitations.ts'
import { createKeyChanges, type KeyChanges } from './callers/key-changes.ts'
import { createKeys, type Keys } from './callers/keys.ts'
import { createLeaving, type Leaving } from './callers/leaving.ts'
import { createOperators, type Operators } from './callers/operators.ts'
import { organisationIdOf } from './callers/organisation.ts'
import { createProjects, type Projects } from './callers/projects.ts'
import { createServiceAccounts, type ServiceAccounts } from './callers/service-accounts/accounts.ts'
import { createOAuth, type OAuth } from './callers/service-accounts/oauth.ts'
import { createTeams, type Teams } from './callers/teams.ts'
import { createTokens, type Tokens } from './callers/tokens.ts'
import { type ConnectionTests, createConnectionTests } from './connections/connection-tests.ts'
import { type Connections, createConnections } from './connections/connections.ts'
import { createDataSources, type DataSources } from './instances/data-sources.ts'
import { createDatabases, type Databases } from './instances/databases.ts'
import { createDialectViews, type DialectViews } from './instances/dialect-views.ts'
import { createInstances, type Instances } from './instances/instances.ts'
import { createTablePreviews } from './instances/table-previews.ts'
import type { Links } from './links/links.ts'
import type { TargetRules } from './links/targets.ts'
import { type AccessListEntries, createAccessListEntries } from './network/access-list-entries.ts'
import { type AuditLog, createAuditLog } from './operations/audit-log.ts'
import { createEvents, type Events } from './operations/events.ts'
import { createOperations, type Operations } from './operations/operations.ts'
import { createReplays, type Replays } from './operations/replays.ts'
import { type CustomRoles, createCustomRoles } from './project-users/custom-roles.ts'
import { cleanUp } from './project-users/leaving.ts'
import type { ProjectRules } from './project-users/project-user.ts'
import { createProjectUserChanges, type ProjectUserChanges } from './project-users/project-user-changes.ts'
import { createProjectUsers, type ProjectUsers } from './project-users/project-users.ts'
import { createThrough } from './project-users/through/through.ts'
import { createUserChanges } from './users/changes/all.ts'
import type { UserChanges } from './users/user-changes.ts'
import { createUsers, type Users } from './users/users.ts'

/** Everything that a dialect may ask for. */
export interface Services {
  readonly authentication: Authentication
  readonly tokens: Tokens
  readonly digest: Digest
  readonly oauth: OAuth
  readonly serviceAccounts: ServiceAccounts
  readonly keyChanges: KeyChanges
  readonly accessListEntries: AccessListEntries
  /** True where the caller belongs to every project that there is. */
  readonly everyProject: (caller: Caller) => Promise<boolean>
  /** The installation, as 24 hex digits. */
  readonly organisationId: string
  readonly projects: Projects
  readonly keys: Keys
  readonly connections: Connections
  readonly connectionTests: ConnectionTests
  readonly accessLists: AccessLists
  readonly teams: Teams
  readonly invitations: Invitations
  readonly leaving: Leaving
  readonly operators: Operators
  readonly dataSources: DataSources
  readonly instances: Instances
  readonly dialectViews: DialectViews
  readonly users: Users
  readonly userChanges: UserChanges
  readonly projectUsers: ProjectUsers
  readonly projectUserChanges: ProjectUserChanges
  readonly customRoles: CustomRoles
  readonly databases: Databases
  readonly operations: Operations
  readonly replays: Replays
  readonly events: Events
  readonly auditLog: AuditLog
  readonly engines: Engines
  readonly links: Links
}

export interface ServiceParts {
  readonly store: Store
  readonly engines: Engines
  readonly links: Links
  readonly ledger: Ledger
  readonly fanOut: FanOut
  readonly projectRules: ProjectRules
  readonly rules: TargetRules
  readonly installationPolicy: Policy
  readonly digest: DigestRules
  readonly wakeWorker: () => void
  readonly onTestFailure: (fault: Fault) => void
}

export function createServices(parts: ServiceParts): Services {
  const { store, engines, links, ledger, rules } = parts
  const onLeave = parts.projectRules.cleanOnLeave ? cleanUp : undefined
  const instances = createInstances({ store, links, installationPolicy: parts.installationPolicy, onLeave })
  const { installationPolicy } = parts
  const connections = createConnections({ store, engines, ...rules, installationPolicy, onLeave })
  const authentication = createAuthentication(store)
  const project = { store, links, rules: parts.projectRules, fanOut: parts.fanOut, instances }
  const projectUsers = createProjectUsers(project)
  return {
    authentication,
    tokens: createTokens(store),
    digest: createDigest(store, parts.digest),
    oauth: createOAuth(store),
    serviceAccounts: createServiceAccounts(store),
    keyChanges: createKeyChanges(store),
    accessListEntries: createAccessListEntries(store),
    everyProject: caller => seesEveryProject(store, caller),
    organisationId: organisationIdOf(store.installation),
    projects: createProjects(store),
    keys: createKeys(store),
    connections,
    connectionTests: createConnectionTests({ store, engines, connections, rules, onFailure: parts.onTestFailure }),
    operators: createOperators(store),
    accessLists: createAccessLists(store),
    teams: createTeams(store),
    invitations: createInvitations(store),
    leaving: createLeaving(store),
    dataSources: createDataSources(store, createTablePreviews({ store, engines, rules })),
    instances,
    dialectViews: createDialectViews({ store, links, connections, installationPolicy: parts.installationPolicy }),
    users: createUsers({ store, links, instances }),
    userChanges: createUserChanges({ store, links, instances, prepareTargets: createThrough({ ...project, ledger }) }),
    projectUsers,
    projectUserChanges: createProjectUserChanges({ ...project, projectUsers }),
    customRoles: createCustomRoles(project),
    databases: createDatabases({ links, instances, ledger }),
    operations: createOperations({ store, links, wake: parts.wakeWorker }),
    replays: createReplays(store),
    events: createEvents(store, authentication),
    auditLog: createAuditLog(store),
    engines,
    links,
  }
}
