import { createHash } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Account, accountForPostgres, canWorkIn } from './account.ts'

/** Where root keeps what another account has to reach: no path below /root will do. */
export const SHARED_HOME = '/var/lib/rolecall-demo'

/** A file that names the demo's folder. */
const OWNER = 'belongs-to'

/** The cluster's own folder: in the demo's, or where the account of PostgreSQL can't get there, in one of root's where it can. */
export function clusterOf(folder: string): string {
  const account = accountForPostgres()
  const inside = join(folder, 'postgres')
  if (account.uid === undefined || existsSync(inside) || isReachable(folder, account)) return inside
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 12)
  mkdirSync(join(SHARED_HOME, name), { recursive: true, mode: 0o755 })
  writeFileSync(join(SHARED_HOME, name, OWNER), folder)
  return join(SHARED_HOME, name, 'postgres')
}

/** Homes of clusters whose demo folder is gone: whoever removed it could not know of them. */
export function abandonedHomes(): readonly string[] {
  if (accountForPostgres().uid === undefined || !existsSync(SHARED_HOME)) return []
  const homes = readdirSync(SHARED_HOME).map(name => join(SHARED_HOME, name))
  return homes.filter(home => existsSync(join(home, OWNER)) && !existsSync(readFileSync(join(home, OWNER), 'utf8')))
}

function isReachable(folder: string, account: Account): boolean {
  const probe = join(folder, 'postgres.probe')
  makeFor(account, probe)
  try {
    return canWorkIn(probe, account)
  } finally {
    rmdirSync(probe)
  }
}

/** A folder that belongs to the account alone. */
export function makeFor({ uid, gid }: Account, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
}
