import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Caller } from '../../../domain/callers/caller.ts'
import type { KeyMatch } from '../../../store/interface/callers.ts'
import type { Store } from '../../../store/store.ts'
import { isInNetworks } from '../../network/networks.ts'
import { isUsable, type Origin, toCaller, touch } from '../authentication.ts'
import { createNonces, type Nonces } from './nonces.ts'
import { type ReplayWindows, windowsInMemory, windowsInStore } from './replay-windows.ts'
import { createThrottle } from './throttle.ts'

export type DigestAlgorithm = 'MD5' | 'SHA-256'

/** What a caller's `Authorization: Digest` says, once its form was found to be right. */
export interface DigestAnswer {
  readonly username: string
  readonly nonce: string
  /** 8 hex digits, as sent. */
  readonly nc: string
  readonly cnonce: string
  readonly response: string
  readonly method: string
  /** The request's target, which the caller has signed. */
  readonly uri: string
}

/** `stale`: right but for the age of the nonce. `elsewhere`: right, and from a network that the key is not good in. */
export type DigestOutcome =
  | { readonly kind: 'accepted'; readonly caller: Caller }
  | { readonly kind: 'refused' | 'stale' | 'elsewhere' }

/** HTTP Digest of RFC 7616 with API keys: the public half is the user, the private half the password. */
export interface Digest {
  nonce(): string
  /** Writes nothing before the response was found to be right. */
  check(answer: DigestAnswer, origin: Origin): Promise<DigestOutcome>
}

export interface DigestRules {
  readonly algorithm: DigestAlgorithm
  readonly nonceSeconds: number
}

/** Nobody mistypes a key twenty times a minute; a program that does is guessing, or should be looked at. */
const FAILURES_PER_BOTH = 20
/** Many callers can share an address. */
const FAILURES_PER_ADDRESS = 200
/** More than one address may fail at: nobody is to shut out whose key it is from elsewhere with a handful of guesses. */
const FAILURES_PER_KEY = 1000
const WINDOW_MS = 60_000

export function createDigest(store: Store, { algorithm, nonceSeconds }: DigestRules): Digest {
  const nonces = createNonces(macOf(store), nonceSeconds * 1000)
  const windows = store.alone ? windowsInMemory() : windowsInStore(store)
  const guesses = createGuesses()

  async function check(answer: DigestAnswer, origin: Origin): Promise<DigestOutcome> {
    if (guesses.areTooMany(answer.username, origin.address)) return REFUSED
    const match = await store.read.keys.matchPublic(answer.username)
    const half = algorithm === 'MD5' ? match?.digest.md5 : match?.digest.sha256
    // Of a key that there isn't, something is compared, too: the time tells nothing.
    const isRight = isSame(responseFor(algorithm, half?.reveal() ?? NOBODY, answer), answer.response)
    if (!match || !isRight) {
      guesses.add(answer.username, origin.address)
      return REFUSED
    }
    if (!(await isUsable(store, withoutNetworks(match), origin.address))) return REFUSED
    const outcome = await accept(match, answer, origin, { nonces, windows })
    if (outcome.kind === 'accepted') touch(store, match.key)
    return outcome
  }

  return { nonce: nonces.make, check }
}

function createGuesses() {
  const both = createThrottle(FAILURES_PER_BOTH, WINDOW_MS)
  const addresses = createThrottle(FAILURES_PER_ADDRESS, WINDOW_MS)
  const keys = createThrottle(FAILURES_PER_KEY, WINDOW_MS)
  return {
    areTooMany: (key: string, address: string) =>
      both.isLocked(`${key} ${address}`) || addresses.isLocked(address) || keys.isLocked(key),
    add(key: string, address: string) {
      both.fail(`${key} ${address}`)
      addresses.fail(address)
      keys.fail(key)
    },
  }
}

const REFUSED = { kind: 'refused' } as const
const NOBODY = randomBytes(16).toString('hex')

/** Replicas share the key of the store. A process that has its store for itself adds a part that ends with it, and with it all its nonces. */
function macOf(store: Store): (text: string) => Buffer {
  const own = store.alone ? randomBytes(16).toString('hex') : ''
  return text => Buffer.from(store.read.nonceWindows.hash(`${own}${text}`), 'base64url')
}

async function accept(
  match: KeyMatch,
  { nonce, nc }: DigestAnswer,
  origin: Origin,
  { nonces, windows }: { readonly nonces: Nonces; readonly windows: ReplayWindows },
): Promise<DigestOutcome> {
  const state = nonces.stateOf(nonce)
  if (state.kind === 'foreign') return REFUSED
  if (state.kind === 'expired') return { kind: 'stale' }
  const use = { nonce, keyId: match.key.id, count: Number.parseInt(nc, 16), until: state.until }
  if (!(await windows.use(use))) return REFUSED
  if (!isInNetworks(origin.address, match.key.networks)) return { kind: 'elsewhere' }
  return { kind: 'accepted', caller: toCaller(match, origin) }
}

function withoutNetworks(match: KeyMatch): KeyMatch {
  return { ...match, key: { ...match.key, networks: [] } }
}

/** `H(HA1:nonce:nc:cnonce:auth:H(method:uri))`. */
export function responseFor(algorithm: DigestAlgorithm, ha1: string, answer: Omit<DigestAnswer, 'response'>): string {
  const hash = (text: string) => createHash(HASHES[algorithm]).update(text).digest('hex')
  const { method, uri, nonce, nc, cnonce } = answer
  return hash(`${ha1}:${nonce}:${nc}:${cnonce}:auth:${hash(`${method}:${uri}`)}`)
}

const HASHES = { MD5: 'md5', 'SHA-256': 'sha256' } as const

function isSame(wanted: string, given: string): boolean {
  const [one, other] = [Buffer.from(wanted), Buffer.from(given)]
  return one.length === other.length && timingSafeEqual(one, other)
}
