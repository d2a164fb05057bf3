import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { Fault } from '../../domain/fault.ts'
import { Secret } from '../../domain/secret.ts'
import { decrypt, encrypt } from './cipher.ts'

/** Where a sealed value lies. Part of the seal: a value that was moved to another row does not open. */
export type Place = readonly [table: string, row: string, column: string]

export interface DataKey {
  readonly id: string
  readonly key: Buffer
}

export interface VaultKeys {
  /** The first seals; those whose master key is gone are absent. */
  readonly seal: readonly [DataKey, ...DataKey[]]
  readonly lookup: DataKey
}

/** Seals what the store may not know, and hashes what it must find again. */
export class Vault {
  readonly #current: string
  // Made once: to make one of bytes takes longer than to seal with it.
  readonly #byId: ReadonlyMap<string, KeyObject>
  readonly #lookup: KeyObject

  constructor({ seal, lookup }: VaultKeys) {
    this.#current = seal[0].id
    this.#byId = new Map(seal.map(({ id, key }) => [id, createSecretKey(key)]))
    this.#lookup = createSecretKey(lookup.key)
  }

  seal(secret: Secret, place: Place): string {
    // Read, could not be opened, and is written back: what is there stays, for the day when its key is found.
    if (secret instanceof GoneSecret && secret.sealed !== undefined) return secret.sealed
    return `${this.#current}.${encrypt(this.#byId.get(this.#current)!, Buffer.from(secret.reveal()), place)}`
  }

  /** Undefined where it can't be opened: sealed under a key that is gone, moved, or damaged. */
  open(sealed: string, place: Place): Secret | undefined {
    const [id = '', text = ''] = sealed.split('.')
    const key = this.#byId.get(id)
    const plain = key && decrypt(key, text, place)
    return plain && new Secret(plain.toString())
  }

  /** Like `open`, for shapes that must hold a secret: what can't be opened throws when it is used, not when it is listed. */
  openLater(sealed: string | null, place: Place): Secret {
    if (sealed === null) return new GoneSecret(ERASED)
    return this.open(sealed, place) ?? new GoneSecret(UNREADABLE, sealed)
  }

  /** Keyed, so that nobody with a copy of the store can try values; survives every change of the master key. */
  hash(text: string): string {
    return createHmac('sha256', this.#lookup).update(text).digest('base64url')
  }
}

const ERASED = new Fault(
  'not_found',
  'operation',
  'This password is not kept any more: it was erased when it was settled',
)
const UNREADABLE = new Fault(
  'unavailable',
  'store',
  'This password was sealed under a master key that is not in the ring',
)

/** Stands where a secret was. */
class GoneSecret extends Secret {
  readonly #why: Fault
  readonly sealed?: string

  constructor(why: Fault, sealed?: string) {
    super('')
    this.#why = why
    this.sealed = sealed
  }

  override reveal(): string {
    throw this.#why
  }
}
