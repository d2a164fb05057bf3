import type { Migration } from './columns.ts'

/** Which of several logins of one name a server took a connection for. */
export const accountOfConnection: Migration = {
  version: 8,
  since: '0.4.0',
  up: make => make.column('connections', 'account', 'text?'),
}
