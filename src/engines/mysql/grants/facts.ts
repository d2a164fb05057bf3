import type { Change } from '../../../domain/users/change.ts'
import type { Link } from '../link/link.ts'
import { grantName } from '../names.ts'
import type { Account } from '../users/read.ts'
import { type Privilege, privilegesIn } from './privileges.ts'

/** A database that a change grants on, or takes grants away from. */
export interface GrantDatabase {
  readonly name: string
  readonly exists: boolean
  /** As grants name it: what the login has there, and under which name. */
  readonly grantName: string
  readonly has: ReadonlySet<Privilege>
}

const DATABASES = 'select s.SCHEMA_NAME as name from information_schema.schemata s where s.SCHEMA_NAME = ?'

export async function readGrantDatabases(
  link: Link,
  change: Change,
  account: Account | undefined,
  signal: AbortSignal,
): Promise<readonly GrantDatabase[]> {
  const found: GrantDatabase[] = []
  for (const name of databasesOf(change)) {
    const rows = await link.ask<{ readonly name: string }>(signal, DATABASES, [name])
    found.push({ name, exists: rows.some(row => row.name === name), ...privilegesOn(name, account, link) })
  }
  return found
}

function databasesOf(change: Change): readonly string[] {
  if (change.kind === 'create-user') return distinct(change.user.grants)
  return change.kind === 'grant-user' ? distinct([...change.grants.add, ...change.grants.remove]) : []
}

const distinct = (grants: readonly { readonly database: string }[]) => [...new Set(grants.map(one => one.database))]

// Who granted without escaping named the same database, and maybe others: taking away goes by the name that is there.
function privilegesOn(
  name: string,
  account: Account | undefined,
  { state }: Link,
): Pick<GrantDatabase, 'grantName' | 'has'> {
  const names = [grantName(name, state), name]
  const found = names.map(one => account?.grants.find(([granted]) => granted === one)).find(one => one !== undefined)
  return { grantName: found?.[0] ?? names[0]!, has: privilegesIn(found?.[1] ?? '') }
}
