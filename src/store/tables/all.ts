import type { Context } from '../context.ts'
import type { Tables } from '../store.ts'
import { accessTable } from './access.ts'
import { accessListEntryTable } from './access-list-entries.ts'
import { auditTable } from './audit.ts'
import { connectionTable } from './connections.ts'
import { dataSourceTable } from './data-sources.ts'
import { expiryTable } from './expiries.ts'
import { instanceTable } from './instances.ts'
import { invitationTable } from './invitations.ts'
import { keyTable } from './keys.ts'
import { memberTable } from './members.ts'
import { nonceWindowTable } from './nonce-windows.ts'
import { operationTable } from './operations.ts'
import { operatorTable } from './operators.ts'
import { projectRecordTable } from './project-records.ts'
import { projectTable } from './projects.ts'
import { replayTable } from './replays.ts'
import { serviceAccountTable } from './service-accounts.ts'
import { teamTable } from './teams.ts'
import { tokenTable } from './tokens.ts'
import { userTable } from './users.ts'

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
