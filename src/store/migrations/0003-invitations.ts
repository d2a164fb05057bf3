import type { Columns, Migration } from './columns.ts'

/** Who is asked into a project and has not come yet. */
export const invitations: Migration = {
  version: 3,
  since: '0.3.0',
  async up(make) {
    // Whoever leaves the project, or is taken out of it, takes the invitations along that it sent.
    await make.table('invitations', INVITATIONS, table =>
      table
        .addPrimaryKeyConstraint('invitations_key', ['id'])
        .addForeignKeyConstraint(
          'invitations_sender',
          ['projectId', 'senderId'],
          'members',
          ['projectId', 'operatorId'],
          key => key.onDelete('cascade'),
        ),
    )
    await make.unique('invitations_code', 'invitations', ['codeHash'])
    await make.index('invitations_page', 'invitations', ['projectId', 'createdAt', 'id'])
    await make.index('invitations_end', 'invitations', ['expiresAt'])
  },
}

const INVITATIONS: Columns = {
  id: 'text',
  projectId: 'text',
  senderId: 'text',
  email: 'text',
  role: 'text',
  thingKind: 'text?',
  thingId: 'text?',
  thingRole: 'text?',
  codeHash: 'text',
  createdAt: 'number',
  expiresAt: 'number',
  searchText: 'text',
}
