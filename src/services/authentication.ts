import type { ApiKey } from '../domain/api-key.ts'
import type { Caller, Dialect } from '../domain/caller.ts'
import { Fault } from '../domain/fault.ts'
import { type Role, weakerRole } from '../domain/role.ts'
import { Secret } from '../domain/secret.ts'
import type { KeyMatch, Store } from '../store/store.ts'
import { isInNetworks } from './network-guard.ts'

/** Where a request came from. */
export interface Origin {
  readonly address: string
  readonly dialect: Dialect
  readonly requestId: string
}

export interface Authentication {
  /** The caller that a private half belongs to. Throws `unauthenticated`, always in the same words. */
  byPrivateKey(privateKey: string, origin: Origin): Promise<Caller>
}

export function createAuthentication(store: Store): Authentication {
  async function byPrivateKey(privateKey: string, origin: Origin): Promise<Caller> {
    const match = await store.read.keys.match(new Secret(privateKey))
    if (!match || !isUsable(match, Date.now(), origin.address)) throw refused()
    touch(match.key)
    return toCaller(match, origin)
  }

  /** Kept for people, not for decisions: a lost write is no harm, and the answer doesn't wait for it. */
  function touch(key: ApiKey): void {
    const now = Date.now()
    if (now - (key.lastUsedAt ?? 0) < 60_000) return
    store.transaction(tables => tables.keys.touch(key.id, now)).catch(() => undefined)
  }

  return { byPrivateKey }
}

function isUsable({ key, operator }: KeyMatch, now: number, address: string): boolean {
  if (key.revokedAt !== undefined || operator.disabledAt !== undefined) return false
  if (key.expiresAt !== undefined && key.expiresAt <= now) return false
  return isInNetworks(address, key.networks)
}

export function refused(): Fault {
  return new Fault('unauthenticated', 'key', 'Credentials are required to access this resource.')
}

/** The weaker of key and operator counts, in each project that both name. */
function toCaller({ key, operator, memberships }: KeyMatch, origin: Origin): Caller {
  const roles = new Map<string, Role>()
  for (const { projectId, role } of key.projects) {
    const own = memberships.get(projectId)
    if (own) roles.set(projectId, weakerRole(own, role))
  }
  return { operator, key, roles, ...origin }
}

/** `Bearer KEY` or `Token KEY`: scheme in any case, one space or more. */
export function privateKeyOf(authorization: string | undefined, schemes: readonly string[]): string | undefined {
  const [, scheme, key] = /^([A-Za-z]+) +(\S+)$/.exec(authorization ?? '') ?? []
  return scheme && schemes.includes(scheme.toLowerCase()) ? key : undefined
}
