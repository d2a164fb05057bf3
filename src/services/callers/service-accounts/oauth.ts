import type { Token } from '../../../domain/callers/token.ts'
import { newKeyId } from '../../../domain/id.ts'
import { randomText, Secret } from '../../../domain/secret.ts'
import type { Role } from '../../../domain/users/role.ts'
import type { KeyMatch } from '../../../store/interface/callers.ts'
import type { Store } from '../../../store/store.ts'
import { isInNetworks } from '../../network/networks.ts'
import { isUsable, type Origin, toCaller, touch } from '../authentication.ts'
import type { DigestOutcome } from '../digest/digest.ts'
import { createThrottle } from '../digest/throttle.ts'
import { findSecret } from './secrets.ts'

/** A token that has just been made. */
export interface IssuedAccess {
  readonly secret: Secret
  readonly expiresInSeconds: number
}

/** Tokens of service accounts, as OAuth 2 has them for clients that act by themselves. */
export interface OAuth {
  /** Undefined: no such client, no such secret, or too many guesses. Where a client is bound to networks, that counts when the token is used. */
  issue(client: ClientProof, origin: Origin): Promise<IssuedAccess | undefined>
  /** Ends a token of this client; anything else is no fault. False: as above. */
  revoke(client: ClientProof, token: string, origin: Origin): Promise<boolean>
  /** Whose token it is. */
  check(token: string, origin: Origin): Promise<DigestOutcome>
}

export interface ClientProof {
  /** `mdb_sa_id_` and the 24 hex digits of the account's key. */
  readonly clientId: string
  readonly secret: string
}

/** Clients renew ten minutes before the end, so it is more than those. */
const LIFE_S = 3600
const TOKEN_PREFIX = 'rca-'
const TOKEN_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'
/** Tells these from the tokens of other identity endpoints: neither is good for the other. */
const METHOD = 'client_credentials'
const GUESSES_A_MINUTE = 20
const REFUSED = { kind: 'refused' } as const

export const isAccessToken = (text: string): boolean => text.startsWith(TOKEN_PREFIX)

export function createOAuth(store: Store): OAuth {
  const guesses = createThrottle(GUESSES_A_MINUTE, 60_000)

  async function keyOf({ clientId, secret }: ClientProof, origin: Origin): Promise<KeyMatch | undefined> {
    const guesser = `${clientId} ${origin.address}`
    // Before the slow hash: guessing is not to keep this process busy.
    if (guesses.isLocked(guesser)) return undefined
    const [match, now] = await Promise.all([matchOf(store, keyIdIn(clientId)), store.now()])
    const found = match && (await findSecret(secret, await store.read.serviceAccounts.secrets(match.key.id), now))
    if (!match || !found || !(await isUsable(store, anywhere(match), origin.address))) {
      guesses.fail(guesser)
      return undefined
    }
    await store.transaction(tables => tables.serviceAccounts.touchSecret(found.id, now))
    return match
  }

  async function issue(client: ClientProof, origin: Origin): Promise<IssuedAccess | undefined> {
    const match = await keyOf(client, origin)
    if (!match) return undefined
    const secret = new Secret(TOKEN_PREFIX + randomText(44, TOKEN_LETTERS))
    const { id: keyId, homeProjectId: projectId } = match.key
    const issuedAt = await store.now()
    const token: Token = {
      id: newKeyId(),
      keyId,
      projectId,
      methods: [METHOD],
      issuedAt,
      expiresAt: issuedAt + LIFE_S * 1000,
    }
    await store.transaction(tables => tables.tokens.add(token, secret))
    return { secret, expiresInSeconds: LIFE_S }
  }

  async function revoke(client: ClientProof, text: string, origin: Origin): Promise<boolean> {
    const match = await keyOf(client, origin)
    if (!match) return false
    const token = await store.read.tokens.find(new Secret(text))
    if (token?.keyId === match.key.id) await store.transaction(tables => tables.tokens.remove(token.id))
    return true
  }

  async function check(text: string, origin: Origin): Promise<DigestOutcome> {
    if (!isAccessToken(text)) return REFUSED
    const [token, now] = await Promise.all([store.read.tokens.find(new Secret(text)), store.now()])
    if (!token?.methods.includes(METHOD) || token.expiresAt <= now) return REFUSED
    const match = await matchOf(store, token.keyId)
    if (!match || !(await isUsable(store, anywhere(match), origin.address))) return REFUSED
    if (!isInNetworks(origin.address, match.key.networks)) return { kind: 'elsewhere' }
    touch(store, match.key)
    return { kind: 'accepted', caller: toCaller(match, origin) }
  }

  return { issue, revoke, check }
}

export const clientIdOf = (keyId: string): string => `mdb_sa_id_${keyId}`

export function keyIdIn(clientId: string): string {
  return /^mdb_sa_id_([0-9a-f]{24})$/i.exec(clientId)?.[1]?.toLowerCase() ?? ''
}

/** A service account's key, its operator, and the operator's roles of now. */
async function matchOf(store: Store, keyId: string): Promise<KeyMatch | undefined> {
  const [account, key] = await Promise.all([store.read.serviceAccounts.find(keyId), store.read.keys.find(keyId)])
  const operator = account && key && (await store.read.operators.find(key.operatorId))
  if (!key || !operator) return undefined
  const members = await Promise.all(
    key.projects.map(({ projectId }) => store.read.members.find(projectId, operator.id)),
  )
  const roles = members.flatMap((member): [string, Role][] => (member ? [[member.projectId, member.role]] : []))
  return { key, operator, memberships: new Map(roles) }
}

function anywhere(match: KeyMatch): KeyMatch {
  return { ...match, key: { ...match.key, networks: [] } }
}
