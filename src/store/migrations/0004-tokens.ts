import type { Columns, Migration } from './columns.ts'

/** Tokens that identity endpoints issue, where every replica sees them. */
export const tokens: Migration = {
  version: 4,
  since: '0.3.0',
  async up(make) {
    await make.table('tokens', TOKENS, table =>
      table
        .addPrimaryKeyConstraint('tokens_key', ['id'])
        .addForeignKeyConstraint('tokens_of_key', ['keyId'], 'apiKeys', ['id'], key => key.onDelete('cascade'))
        .addForeignKeyConstraint('tokens_project', ['projectId'], 'projects', ['id'], key => key.onDelete('cascade')),
    )
    await make.unique('tokens_hash', 'tokens', ['tokenHash'])
    await make.index('tokens_by_key', 'tokens', ['keyId'])
    await make.index('tokens_by_project', 'tokens', ['projectId'])
    await make.index('tokens_end', 'tokens', ['expiresAt'])
  },
}

const TOKENS: Columns = {
  id: 'text',
  tokenHash: 'text',
  keyId: 'text',
  projectId: 'text',
  methods: 'text',
  issuedAt: 'number',
  expiresAt: 'number',
}
