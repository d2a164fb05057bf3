import type { Caller } from '../../domain/callers/caller.ts'
import type { Token } from '../../domain/callers/token.ts'
import { newKeyId } from '../../domain/id.ts'
import { randomText, Secret } from '../../domain/secret.ts'
import type { Role } from '../../domain/users/role.ts'
import type { Store } from '../../store/store.ts'
import { isUsable, type Origin, refused, toCaller } from './authentication.ts'

/** A token that has just been made; its text is known here and nowhere else afterwards. */
export interface IssuedToken {
  readonly token: Token
  readonly secret: Secret
}

/** Tokens for clients that ask an identity endpoint first. Each is as good as the key it was issued for, in one project, for a while. */
export interface Tokens {
  /** No later than `notAfter`, and no later than the key itself. */
  issue(caller: Caller, projectId: string, methods: readonly string[], notAfter?: number): Promise<IssuedToken>
  /** Whose it is, with the roles of now. Throws `unauthenticated`, always in the same words. */
  caller(text: string, origin: Origin): Promise<{ readonly caller: Caller; readonly token: Token }>
  revoke(token: Token): Promise<void>
}

const LIFE_MS = 8 * 3_600_000
/** Tells a token from a key's private half without asking the store. */
const PREFIX = 'rct-'
/** 44 of them are 227 bits. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'

export const isToken = (text: string): boolean => text.startsWith(PREFIX)

export function createTokens(store: Store): Tokens {
  async function issue(
    { key }: Caller,
    projectId: string,
    methods: readonly string[],
    notAfter = Number.POSITIVE_INFINITY,
  ): Promise<IssuedToken> {
    const secret = new Secret(PREFIX + randomText(44, LETTERS))
    const issuedAt = await store.now()
    const expiresAt = Math.min(issuedAt + LIFE_MS, notAfter, key.expiresAt ?? Number.POSITIVE_INFINITY)
    const token = { id: newKeyId(), keyId: key.id, projectId, methods, issuedAt, expiresAt }
    await store.transaction(tables => tables.tokens.add(token, secret))
    return { token, secret }
  }

  async function caller(text: string, origin: Origin) {
    const [token, now] = await Promise.all([store.read.tokens.find(new Secret(text)), store.now()])
    if (!token || token.expiresAt <= now) throw refused()
    const { keyId, projectId } = token
    const key = await store.read.keys.find(keyId)
    const operator = key && (await store.read.operators.find(key.operatorId))
    const member = key && (await store.read.members.find(projectId, key.operatorId))
    if (!key || !operator) throw refused()
    // Of all that the key may open, the token opens one project.
    const narrowed = { ...key, projects: key.projects.filter(one => one.projectId === projectId) }
    const memberships = new Map<string, Role>(member ? [[projectId, member.role]] : [])
    const match = { key: narrowed, operator, memberships }
    if (!(await isUsable(store, match, origin.address))) throw refused()
    return { caller: toCaller(match, origin), token }
  }

  return { issue, caller, revoke: ({ id }) => store.transaction(tables => tables.tokens.remove(id)) }
}
