import type { Session } from '../../../domain/users/user.ts'
import type { Link } from '../link/link.ts'
import { canBeThere } from '../names.ts'
import { quoteText } from '../sql.ts'

/** Where a session's client is; the server adds a port to it. */
const CLIENT = `regexp_replace(p.host, ':[0-9]+$', '')`

const HOSTS = `select distinct u.Host as host from mysql.user u where u.User = ? and u.Host <> ''`

/** All hosts that accounts of this name have: they share what the server tells of a session, which is the name and where it comes from. */
export async function hostsOfName(link: Link, name: string, signal: AbortSignal): Promise<readonly string[]> {
  if (!canBeThere(name) || !link.state.catalogue) return []
  return (await link.ask<{ readonly host: string }>(signal, HOSTS, [name])).map(({ host }) => host)
}

/** The server looks names up unless it is told not to, and shows the name alone; of one name the address is known. */
const ADDRESS = `if(${CLIENT} = 'localhost', '127.0.0.1', ${CLIENT})`
const HAS_ADDRESS = `(${ADDRESS} regexp '^[0-9.]+$' or locate(':', ${ADDRESS}) > 0)`

/**
 * Sessions of one account among those of its name, as the server would have chosen it: its host fits, and surely no other account's that
 * is nearer. Of a client that is shown by a name nobody can say whether an address fits: then it may, so that no lock leaves a session
 * open. A client that fits none is known to the server by yet another name: it may be any account's.
 */
function isOf(name: string, host: string, hosts: readonly string[]): string {
  const user = `p.user = ${quoteText(name)} and p.id <> connection_id()`
  const others = hosts.filter(other => other !== host)
  if (others.length === 0) return user
  const nearer = others.filter(other => rank(other) < rank(host)).map(other => `not ${fits(other)}`)
  const mine = [mayFit(host), ...nearer].join(' and ')
  const nobodys = [host, ...others].map(one => `not ${mayFit(one)}`).join(' and ')
  return `${user} and ((${mine}) or (${nobodys}))`
}

/** The statement that lists ids of an account's sessions. */
export function sessionIdsOf(name: string, host: string, hosts: readonly string[]): string {
  return `select p.id from information_schema.processlist p where ${isOf(name, host, hosts)} order by p.id`
}

/** The server tries names and addresses first, then networks, then patterns: those with the longest beginning first. */
function rank(host: string): number {
  if (host.includes('/')) return 1_000
  const wild = host.search(/[%_]/)
  return wild < 0 ? 0 : 100_000 - wild
}

function mayFit(host: string): string {
  return isAddress(host) ? `(${fits(host)} or not ${HAS_ADDRESS})` : fits(host)
}

function fits(host: string): string {
  const network = /^([\d.]+)\/([\d.]+)$/.exec(host)
  if (!network) return `(${isAddress(host) ? ADDRESS : CLIENT} like ${quoteText(host)})`
  const [, base, mask] = network.map(part => quoteText(part))
  return `(coalesce(inet_aton(${ADDRESS}), 0) & inet_aton(${mask}) = inet_aton(${base}))`
}

/** Names begin with a letter somewhere; `%` alone fits both. */
const isAddress = (host: string) => host !== '%' && (host.includes(':') || /^[\d.%_/]+$/.test(host))

const sessionRows = (which: string) => `
select cast(p.id as char) as id, p.db as \`database\`, ${CLIENT} as address, p.command as state
from information_schema.processlist p where ${which} order by p.id`

/** Live sessions of a login. */
export async function listSessions(
  link: Link,
  { name, host }: { readonly name: string; readonly host: string },
  signal: AbortSignal,
): Promise<readonly Session[]> {
  if (!canBeThere(name)) return []
  const hosts = await hostsOfName(link, name, signal)
  const rows = await link.ask<{ readonly [Key in keyof Session]: Session[Key] | null }>(
    signal,
    sessionRows(isOf(name, host, hosts)),
  )
  return rows.map(
    row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)) as unknown as Session,
  )
}

/** Ids of other logins' sessions in a database. */
export function sessionsInDatabase(database: string, me: string): string {
  return `select p.id from information_schema.processlist p where p.db = ${quoteText(database)} and p.user <> ${quoteText(me)} order by p.id`
}
