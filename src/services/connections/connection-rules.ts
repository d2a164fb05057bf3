import { isIP } from 'node:net'
import type { Violation } from '../../domain/fault.ts'
import type { EngineDescription } from '../../engines/engine.ts'
import type { Destination, NetworkGuard } from '../network/network-guard.ts'
import type { ConnectionWish } from './connection-wish.ts'

/** Everything wrong with a connection's values, in field order; pointers are relative to the connection. Pure but for the guard's rules. */
export function violationsOf(
  wish: ConnectionWish,
  about: EngineDescription,
  guard: NetworkGuard,
): readonly Violation[] {
  return [
    ...violationsOfName(wish.name),
    ...violationsOfHost(wish, '/host', guard),
    ...violationsOfPort(wish, '/port', guard),
    ...(wish.hosts ?? []).flatMap((one, at) =>
      violationsOfAddress({ ...one, engine: wish.engine }, `/hosts/${at}`, guard),
    ),
    ...violationsOfText(wish.database, '/database', about.capabilities.emptyDatabase),
    ...violationsOfText(wish.username, '/username', about.capabilities.emptyUsername),
    ...violationsOfPassword(wish),
    ...violationsOfInstanceFields(wish),
  ]
}

/** Those that a typed-in connection, which has no name, can have. */
export function violationsOfCoordinates(
  wish: Omit<ConnectionWish, 'name'>,
  about: EngineDescription,
  guard: NetworkGuard,
): readonly Violation[] {
  return violationsOf({ ...wish, name: 'typed in' }, about, guard)
}

/** Trimmed, 1 to 255 code points, no control characters. */
function violationsOfName(name: string): Violation[] {
  const length = [...name.trim()].length
  if (length >= 1 && length <= 255 && !/\p{Cc}/u.test(name) && name.isWellFormed()) return []
  return [{ pointer: '/name', detail: 'must have 1 to 255 characters and no control characters' }]
}

function violationsOfAddress(to: Destination, pointer: string, guard: NetworkGuard): Violation[] {
  return [...violationsOfHost(to, `${pointer}/host`, guard), ...violationsOfPort(to, `${pointer}/port`, guard)]
}

function violationsOfHost(to: Destination, pointer: string, guard: NetworkGuard): Violation[] {
  if (!isHost(to.host))
    return [{ pointer, detail: 'must be a DNS name, an IPv4 address or an IPv6 address, and nothing else' }]
  if (!guard.isDenied(to)) return []
  return [
    { pointer, detail: "is blocked by this server's network policy; the setting network.allow can name its network" },
  ]
}

function violationsOfPort({ engine, port }: Destination, pointer: string, guard: NetworkGuard): Violation[] {
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    return [{ pointer, detail: 'must be an integer between 1 and 65535' }]
  if (!guard.isPortDenied(engine, port)) return []
  return [{ pointer, detail: "is blocked by this server's network policy; the setting network.ports can name it" }]
}

function violationsOfText(text: string, pointer: string, mayBeEmpty: boolean): Violation[] {
  if (text.length > 255 || text.includes('\u0000') || !text.isWellFormed())
    return [{ pointer, detail: 'must have at most 255 characters and no NUL' }]
  return text === '' && !mayBeEmpty ? [{ pointer, detail: 'must not be empty' }] : []
}

function violationsOfPassword({ password, credential }: Pick<ConnectionWish, 'password' | 'credential'>): Violation[] {
  if (password && credential) return [{ pointer: '/credential', detail: 'give a password or a credential, not both' }]
  if (credential && credential.kind !== 'env' && credential.kind !== 'file')
    return [{ pointer: '/credential', detail: 'must be env:NAME or file:PATH' }]
  if (password && (password.length > 1024 || !password.isSendable))
    return [{ pointer: '/password', detail: 'must have at most 1024 characters and no NUL' }]
  return []
}

function violationsOfInstanceFields({ slug, instanceName }: ConnectionWish): Violation[] {
  const found: Violation[] = []
  if (slug !== undefined && !/^[a-z0-9-]{1,63}$/.test(slug))
    found.push({ pointer: '/slug', detail: 'must have 1 to 63 of a-z, 0-9 and -' })
  if (instanceName !== undefined && !/^[A-Za-z0-9][A-Za-z0-9-]{0,254}$/.test(instanceName)) {
    found.push({
      pointer: '/instanceName',
      detail: 'must begin with a letter or digit and have only letters, digits and -',
    })
  }
  return found
}

/** A DNS name or address. No scheme, userinfo, path, list, zone or socket; nothing that some resolvers read as an octal or short IPv4. */
export function isHost(host: string): boolean {
  if (isIP(host)) return !host.includes('%')
  if (host.length < 1 || host.length > 253) return false
  const labels = host.replace(/\.$/, '').split('.')
  const last = labels[labels.length - 1] ?? ''
  if (/^(\d+|0[xX][0-9a-fA-F]*)$/.test(last)) return false
  return labels.every(label => /^[\p{L}\p{N}_]([\p{L}\p{N}_-]{0,61}[\p{L}\p{N}_])?$/u.test(label))
}

/** IPv6 is stored bare; brackets around anything else stay, and are refused. */
export function bareHost(host: string): string {
  const bare = host.slice(1, -1)
  return host === `[${bare}]` && isIP(bare) === 6 ? bare : host
}
