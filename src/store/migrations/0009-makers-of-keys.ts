import type { Migration } from './columns.ts'

/** Who made a key for its operator. */
export const makersOfKeys: Migration = {
  version: 9,
  since: '0.4.0',
  up: make => make.column('apiKeys', 'madeBy', 'text?'),
}
