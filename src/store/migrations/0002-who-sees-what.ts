import type { Kysely } from 'kysely'
import type { Columns, Migration, TableMaker } from './columns.ts'

/** Teams, access lists, and data sources. */
export const whoSeesWhat: Migration = {
  version: 2,
  since: '0.2.0',
  async up(make) {
    await teams(make)
    await dataSources(make)
    await accessLists(make)
    await shareWhatIsThere(make)
    await make.column('auditLines', 'instanceId', 'text?')
  },
}

async function teams(make: TableMaker) {
  await make.table('teams', TEAMS, table =>
    table
      .addPrimaryKeyConstraint('teams_key', ['id'])
      .addForeignKeyConstraint('teams_project', ['projectId'], 'projects', ['id'], key => key.onDelete('cascade')),
  )
  await make.unique('teams_name', 'teams', ['projectId', 'nameKey'])
  // Who leaves the project leaves its teams.
  await make.table('teamMembers', TEAM_MEMBERS, table =>
    table
      .addPrimaryKeyConstraint('team_members_key', ['teamId', 'operatorId'])
      .addForeignKeyConstraint('team_members_of', ['teamId'], 'teams', ['id'], key => key.onDelete('cascade'))
      .addForeignKeyConstraint(
        'team_members_who',
        ['projectId', 'operatorId'],
        'members',
        ['projectId', 'operatorId'],
        key => key.onDelete('cascade'),
      ),
  )
  await make.index('team_members_by_operator', 'teamMembers', ['operatorId'])
}

const TEAMS: Columns = {
  id: 'text',
  projectId: 'text',
  name: 'text',
  nameKey: 'text',
  createdAt: 'number',
  searchText: 'text',
}

const TEAM_MEMBERS: Columns = {
  teamId: 'text',
  projectId: 'text',
  operatorId: 'text',
  role: 'text',
  since: 'number',
}

async function dataSources(make: TableMaker) {
  // A connection that is in use stays: no cascade here.
  await make.table('dataSources', DATA_SOURCES, table =>
    table
      .addPrimaryKeyConstraint('data_sources_key', ['id'])
      .addForeignKeyConstraint('data_sources_project', ['projectId'], 'projects', ['id'], key =>
        key.onDelete('cascade'),
      )
      .addForeignKeyConstraint('data_sources_connection', ['connectionId'], 'connections', ['id']),
  )
  await make.index('data_sources_page', 'dataSources', ['projectId', 'createdAt', 'id'])
  await make.index('data_sources_using', 'dataSources', ['connectionId'])
}

const DATA_SOURCES: Columns = {
  id: 'text',
  projectId: 'text',
  name: 'text',
  kind: 'text',
  connectionId: 'text?',
  tableName: 'text?',
  rows: 'text?',
  createdBy: 'text',
  createdAt: 'number',
  updatedAt: 'number',
  version: 'number',
  searchText: 'text',
}

async function accessLists(make: TableMaker) {
  await make.table('accessGrants', ACCESS_GRANTS, table =>
    table
      .addPrimaryKeyConstraint('access_grants_key', ['entityKind', 'entityId', 'subjectKind', 'subjectId'])
      .addForeignKeyConstraint('access_grants_project', ['projectId'], 'projects', ['id'], key =>
        key.onDelete('cascade'),
      )
      .addForeignKeyConstraint('access_grants_connection', ['connectionId'], 'connections', ['id'], key =>
        key.onDelete('cascade'),
      )
      .addForeignKeyConstraint('access_grants_source', ['dataSourceId'], 'dataSources', ['id'], key =>
        key.onDelete('cascade'),
      )
      .addForeignKeyConstraint('access_grants_team', ['teamId'], 'teams', ['id'], key => key.onDelete('cascade'))
      .addForeignKeyConstraint(
        'access_grants_who',
        ['projectId', 'operatorId'],
        'members',
        ['projectId', 'operatorId'],
        key => key.onDelete('cascade'),
      ),
  )
  await make.index('access_grants_by_project', 'accessGrants', ['projectId', 'entityKind'])
  for (const column of ['connectionId', 'dataSourceId', 'operatorId', 'teamId'])
    await make.index(`access_grants_by_${column.toLowerCase()}`, 'accessGrants', [column])
}

const ACCESS_GRANTS: Columns = {
  projectId: 'text',
  entityKind: 'text',
  entityId: 'text',
  subjectKind: 'text',
  subjectId: 'text',
  access: 'text',
  since: 'number',
  connectionId: 'text?',
  dataSourceId: 'text?',
  operatorId: 'text?',
  teamId: 'text?',
}

/** What this migration reads and writes of the tables, as they are at its time. */
interface Shared {
  connections: { id: string; projectId: string; createdAt: number }
  accessGrants: Readonly<Record<(typeof GRANT)[number], string | number>>
}

const GRANT = [
  'projectId',
  'entityKind',
  'entityId',
  'subjectKind',
  'subjectId',
  'access',
  'since',
  'connectionId',
] as const

/** Connections of before were seen by every member, and go on being so. */
async function shareWhatIsThere(make: TableMaker) {
  const db = make.db as unknown as Kysely<Shared>
  const grants = db
    .selectFrom('connections')
    .select(({ val, ref }) => [
      ref('projectId').as('projectId'),
      val('connection').as('entityKind'),
      ref('id').as('entityId'),
      val('organisation').as('subjectKind'),
      ref('projectId').as('subjectId'),
      val('user').as('access'),
      ref('createdAt').as('since'),
      ref('id').as('connectionId'),
    ])
  await db
    .insertInto('accessGrants')
    .columns([...GRANT])
    .expression(grants)
    .execute()
}
