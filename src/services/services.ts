import type { Fault } from '../domain/fault.ts'
import type { Policy } from '../domain/policy.ts'
import type { Engines } from '../engines/registry.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Store } from '../store/store.ts'
import { type AccessLists, createAccessLists } from './access-lists.ts'
import { type Authentication, createAuthentication } from './authentication.ts'
import { type ConnectionTests, createConnectionTests } from './connection-tests.ts'
import { type Connections, createConnections } from './connections.ts'
import { createDataSources, type DataSources } from './data-sources.ts'
import { createDatabases, type Databases } from './databases.ts'
import { createEvents, type Events } from './events.ts'
import { createInstances, type Instances } from './instances.ts'
import { createKeys, type Keys } from './keys.ts'
import type { Links } from './links.ts'
import { createOperations, type Operations } from './operations.ts'
import { createOperators, type Operators } from './operators.ts'
import { createProjects, type Projects } from './projects.ts'
import { createReplays, type Replays } from './replays.ts'
import { createTablePreviews } from './table-previews.ts'
import type { TargetRules } from './targets.ts'
import { createTeams, type Teams } from './teams.ts'
import { createUserChanges, type UserChanges } from './user-changes.ts'
import { createUsers, type Users } from './users.ts'

/** Everything that a dialect may ask for. */
export interface Services {
  readonly authentication: Authentication
  readonly projects: Projects
  readonly keys: Keys
  readonly connections: Connections
  readonly connectionTests: ConnectionTests
  readonly accessLists: AccessLists
  readonly teams: Teams
  readonly operators: Operators
  readonly dataSources: DataSources
  readonly instances: Instances
  readonly users: Users
  readonly userChanges: UserChanges
  readonly databases: Databases
  readonly operations: Operations
  readonly replays: Replays
  readonly events: Events
  readonly engines: Engines
  readonly links: Links
}

export interface ServiceParts {
  readonly store: Store
  readonly engines: Engines
  readonly links: Links
  readonly ledger: Ledger
  readonly rules: TargetRules
  readonly installationPolicy: Policy
  readonly wakeWorker: () => void
  readonly onTestFailure: (fault: Fault) => void
}

export function createServices(parts: ServiceParts): Services {
  const { store, engines, links, ledger, rules } = parts
  const instances = createInstances({ store, links, installationPolicy: parts.installationPolicy })
  const connections = createConnections({ store, engines, guard: rules.guard, credentials: rules.credentials })
  const authentication = createAuthentication(store)
  return {
    authentication,
    projects: createProjects(store),
    keys: createKeys(store),
    connections,
    connectionTests: createConnectionTests({ store, engines, connections, rules, onFailure: parts.onTestFailure }),
    operators: createOperators(store),
    accessLists: createAccessLists(store),
    teams: createTeams(store),
    dataSources: createDataSources(store, createTablePreviews({ installation: store.installation, engines, rules })),
    instances,
    users: createUsers({ store, links, instances }),
    userChanges: createUserChanges({ store, links, instances, ledger }),
    databases: createDatabases({ links, instances, ledger }),
    operations: createOperations({ store, links, wake: parts.wakeWorker }),
    replays: createReplays(store),
    events: createEvents(store, authentication),
    engines,
    links,
  }
}
