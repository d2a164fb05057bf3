import { first } from './0001-first.ts'
import { whoSeesWhat } from './0002-who-sees-what.ts'
import { invitations } from './0003-invitations.ts'
import { tokens } from './0004-tokens.ts'
import { expiry } from './0005-expiry.ts'
import { atlas } from './0006-atlas.ts'
import { projectRecords } from './0007-project-records.ts'
import { accountOfConnection } from './0008-account-of-connection.ts'
import { makersOfKeys } from './0009-makers-of-keys.ts'
import type { Migration } from './columns.ts'

/** In order; never edited after merge, only added to. */
export const MIGRATIONS: readonly Migration[] = [
  first,
  whoSeesWhat,
  invitations,
  tokens,
  expiry,
  atlas,
  projectRecords,
  accountOfConnection,
  makersOfKeys,
]
