import type { Context } from '../context.ts'
import type { Tables } from '../store.ts'
import { accessListEntryTable } from './callers/access-list-entries.ts'
import { invitationTable } from './callers/invitations.ts'
import { keyTable } from './callers/keys.ts'
import { memberTable } from './callers/members.ts'
import { nonceWindowTable } from './callers/nonce-windows.ts'
import { operatorTable } from './callers/operators.ts'
import { projectTable } from './callers/projects.ts'
import { serviceAccountTable } from './callers/service-accounts.ts'
import { teamTable } from './callers/teams.ts'
import { tokenTable } from './callers/tokens.ts'
import { auditTable } from './operations/audit.ts'
import { operationTable } from './operations/operations.ts'
import { replayTable } from './operations/replays.ts'
import { accessTable } from './servers/access.ts'
import { connectionTable } from './servers/connections.ts'
import { dataSourceTable } from './servers/data-sources.ts'
import { instanceTable } from './servers/instances.ts'
import { expiryTable } from './users/expiries.ts'
import { projectRecordTable } from './users/project-records.ts'
import { userTable } from './users/users.ts'

export function makeTables(context: Context): Tables {
  return {
    now: () => context.words.now(context.db),
    operators: operatorTable(context),
    projects: projectTable(context),
    members: memberTable(context),
    keys: keyTable(context),
    instances: instanceTable(context),
    connections: connectionTable(context),
    access: accessTable(context),
    teams: teamTable(context),
    invitations: invitationTable(context),
    dataSources: dataSourceTable(context),
    users: userTable(context),
    expiries: expiryTable(context),
    projectRecords: projectRecordTable(context),
    operations: operationTable(context),
    replays: replayTable(context),
    tokens: tokenTable(context),
    nonceWindows: nonceWindowTable(context),
    serviceAccounts: serviceAccountTable(context),
    accessListEntries: accessListEntryTable(context),
    audit: auditTable(context),
  }
}
