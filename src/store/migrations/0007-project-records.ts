import type { Columns, Migration } from './columns.ts'

/** Users and roles that belong to a project, and live on all of its servers or on some. */
export const projectRecords: Migration = {
  version: 7,
  since: '0.4.0',
  async up(make) {
    await make.table('projectRecords', PROJECT_RECORDS, table =>
      table
        .addPrimaryKeyConstraint('project_records_key', ['projectId', 'kind', 'key'])
        .addForeignKeyConstraint('project_records_of', ['projectId'], 'projects', ['id'], key =>
          key.onDelete('cascade'),
        ),
    )
    await make.index('project_records_order', 'projectRecords', ['projectId', 'kind', 'createdAt', 'key'])
    await make.index('project_records_operation', 'projectRecords', ['operationId'])
  },
}

/** What it is, and while a change of it is open, what it is to be. */
const PROJECT_RECORDS: Columns = {
  projectId: 'text',
  kind: 'text',
  key: 'text',
  createdAt: 'number',
  places: 'text',
  current: 'text?',
  password: 'text?',
  operationId: 'text?',
  change: 'text?',
  next: 'text?',
  nextPassword: 'text?',
}
