import type { Columns, Migration } from './columns.ts'

/** What the Atlas API needs: which counts of a nonce were seen, for all replicas. */
export const atlas: Migration = {
  version: 6,
  since: '0.4.0',
  async up(make) {
    await make.table('nonceWindows', NONCE_WINDOWS, table =>
      table.addPrimaryKeyConstraint('nonce_windows_key', ['nonce', 'keyId']),
    )
    await make.index('nonce_windows_end', 'nonceWindows', ['until'])
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
