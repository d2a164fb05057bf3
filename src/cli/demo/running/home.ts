import { createHash } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Account, accountForServers, canWorkIn } from './account.ts'

/** Where root keeps what another account has to reach: no path below /root will do. */
export const SHARED_HOME = '/var/lib/rolecall-demo'

/** A file that names the demo's folder. */
const OWNER = 'belongs-to'

/** A server's own folder: in the demo's, or where the account of servers can't get there, in one of root's where it can. */
export function dataFolderOf(folder: string, name: string): string {
  const account = accountForServers()
  const inside = join(folder, name)
  if (account.uid === undefined || existsSync(inside) || isReachable(inside, account)) return inside
  const home = join(SHARED_HOME, createHash('sha256').update(folder).digest('hex').slice(0, 12))
  mkdirSync(home, { recursive: true, mode: 0o755 })
  writeFileSync(join(home, OWNER), folder)
  return join(home, name)
}

/** Homes of servers whose demo folder is gone: whoever removed it could not know of them. */
export function abandonedHomes(): readonly string[] {
  if (accountForServers().uid === undefined || !existsSync(SHARED_HOME)) return []
  const homes = readdirSync(SHARED_HOME).map(name => join(SHARED_HOME, name))
  return homes.filter(home => existsSync(join(home, OWNER)) && !existsSync(readFileSync(join(home, OWNER), 'utf8')))
}

function isReachable(inside: string, account: Account): boolean {
  const probe = `${inside}.probe`
  makeFor(account, probe)
  try {
    return canWorkIn(probe, account)
  } finally {
    rmdirSync(probe)
  }
}

/** A folder that belongs to the account alone. */
export function makeFor(account: Account, folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  giveTo(account, folder)
}

/** A file for the eyes of the account alone: it could not open a pipe of ours. */
export function writeFor(account: Account, file: string, words: string): void {
  writeFileSync(file, words, { mode: 0o600 })
  giveTo(account, file)
}

function giveTo({ uid, gid }: Account, path: string): void {
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
}
