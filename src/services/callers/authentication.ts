import type { ApiKey } from '../../domain/callers/api-key.ts'
import type { Caller, Dialect } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import { Secret } from '../../domain/secret.ts'
import { ROLES, type Role, weakerRole } from '../../domain/users/role.ts'
import type { KeyMatch } from '../../store/interface/callers.ts'
import type { Store } from '../../store/store.ts'
import { isInNetworks } from '../network/networks.ts'

/** Where a request came from. */
export interface Origin {
  readonly address: string
  readonly dialect: Dialect
  readonly requestId: string
}

export interface Authentication {
  /** The caller that a private half belongs to. Throws `unauthenticated`, always in the same words. */
  byPrivateKey(privateKey: string, origin: Origin): Promise<Caller>
  /** The caller that a key stands for without any proof, in its home project alone: for keys that settings name. Throws as above. */
  standIn(publicKey: string, origin: Origin): Promise<Caller>
  /** The same caller with its roles of now; undefined once its key would be refused. For what goes on after a request began. */
  again(caller: Caller): Promise<Caller | undefined>
}

export function createAuthentication(store: Store): Authentication {
  async function byPrivateKey(privateKey: string, origin: Origin): Promise<Caller> {
    const match = await store.read.keys.match(new Secret(privateKey))
    if (!match || !(await isUsable(store, match, origin.address))) throw refused()
    touch(store, match.key)
    return toCaller(match, origin)
  }

  async function standIn(publicKey: string, origin: Origin): Promise<Caller> {
    const match = await store.read.keys.matchPublic(publicKey)
    if (!match || !(await isUsable(store, match, origin.address))) throw refused()
    const { key } = match
    touch(store, key)
    const projects = key.projects.filter(({ projectId }) => projectId === key.homeProjectId)
    return toCaller({ ...match, key: { ...key, projects } }, origin)
  }

  async function again(caller: Caller): Promise<Caller | undefined> {
    const [key, operator] = await Promise.all([
      store.read.keys.find(caller.key.id),
      store.read.operators.find(caller.operator.id),
    ])
    if (!key || !operator) return undefined
    const memberships = new Map<string, Role>()
    for (const { projectId } of key.projects) {
      const member = await store.read.members.find(projectId, operator.id)
      if (member) memberships.set(projectId, member.role)
    }
    const match = { key, operator, memberships }
    return (await isUsable(store, match, caller.address)) ? toCaller(match, caller) : undefined
  }

  return { byPrivateKey, standIn, again }
}

/** Kept for people, not for decisions: a lost write is no harm, and the answer doesn't wait for it. */
export function touch(store: Store, key: ApiKey): void {
  const now = Date.now()
  if (now - (key.lastUsedAt ?? 0) < 60_000) return
  store.transaction(tables => tables.keys.touch(key.id, now)).catch(() => undefined)
}

/** Ends are told by the clock of the store, which all replicas share. It is asked of keys that have one. */
export async function isUsable(store: Store, { key, operator }: KeyMatch, address: string): Promise<boolean> {
  if (key.revokedAt !== undefined || operator.disabledAt !== undefined) return false
  if (!isInNetworks(address, key.networks)) return false
  return key.expiresAt === undefined || key.expiresAt > (await store.now())
}

export function refused(): Fault {
  return new Fault('unauthenticated', 'key', 'Credentials are required to access this resource.')
}

/** The weaker of key and operator counts, in each project that both name. */
export function toCaller({ key, operator, memberships }: KeyMatch, { address, dialect, requestId }: Origin): Caller {
  const roles = new Map<string, Role>()
  const narrowed = new Set<string>()
  for (const { projectId, role, scopes } of key.projects) {
    const own = memberships.get(projectId)
    if (!own) continue
    roles.set(projectId, weakerRole(own, role))
    if (scopes || ROLES.indexOf(role) < ROLES.indexOf(own)) narrowed.add(projectId)
  }
  return { operator, key, roles, narrowed, address, dialect, requestId }
}

/** `Bearer KEY` or `Token KEY`: scheme in any case, one space or more. */
export function privateKeyOf(authorization: string | undefined, schemes: readonly string[]): string | undefined {
  const [, scheme, key] = /^([A-Za-z]+) +(\S+)$/.exec(authorization ?? '') ?? []
  return scheme && schemes.includes(scheme.toLowerCase()) ? key : undefined
}
