import type { Columns, Migration } from './columns.ts'

/** What the Atlas API needs: counts of nonces for all replicas, service accounts, and access lists of projects. */
export const atlas: Migration = {
  version: 6,
  since: '0.4.0',
  async up(make) {
    await make.table('nonceWindows', NONCE_WINDOWS, table =>
      table.addPrimaryKeyConstraint('nonce_windows_key', ['nonce', 'keyId']),
    )
    await make.index('nonce_windows_end', 'nonceWindows', ['until'])
    await make.table('serviceAccounts', SERVICE_ACCOUNTS, table =>
      table
        .addPrimaryKeyConstraint('service_accounts_key', ['keyId'])
        .addForeignKeyConstraint('service_accounts_of_key', ['keyId'], 'apiKeys', ['id'], key =>
          key.onDelete('cascade'),
        ),
    )
    await make.table('serviceAccountSecrets', SERVICE_ACCOUNT_SECRETS, table =>
      table
        .addPrimaryKeyConstraint('service_account_secrets_key', ['id'])
        .addForeignKeyConstraint('secrets_of_service_account', ['keyId'], 'serviceAccounts', ['keyId'], key =>
          key.onDelete('cascade'),
        ),
    )
    await make.index('service_account_secrets_of', 'serviceAccountSecrets', ['keyId'])
    await make.table('accessListEntries', ACCESS_LIST_ENTRIES, table =>
      table
        .addPrimaryKeyConstraint('access_list_entries_key', ['projectId', 'network'])
        .addForeignKeyConstraint('access_list_entries_of', ['projectId'], 'projects', ['id'], key =>
          key.onDelete('cascade'),
        ),
    )
  },
}

/** Of no key: a row outlives a key by minutes at most. */
const NONCE_WINDOWS: Columns = {
  nonce: 'text',
  keyId: 'text',
  highest: 'number',
  seen: 'number',
  until: 'number',
}

/** A service account is an API key whose private half nobody has; secrets of its own stand for it. */
const SERVICE_ACCOUNTS: Columns = {
  keyId: 'text',
  name: 'text',
}

const SERVICE_ACCOUNT_SECRETS: Columns = {
  id: 'text',
  keyId: 'text',
  hash: 'text',
  ending: 'text',
  createdAt: 'number',
  expiresAt: 'number',
  lastUsedAt: 'number?',
}

const ACCESS_LIST_ENTRIES: Columns = {
  projectId: 'text',
  network: 'text',
  comment: 'text?',
  createdAt: 'number',
  deleteAt: 'number?',
}
