import { randomInt } from 'node:crypto'
import { inspect } from 'node:util'

/** A password or key. Printing it, logging it or turning it into JSON gives `[secret]`; only `reveal()` gives the text. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** Only engines (to log in or to hash), the store (to seal) and the one reply that hands a new password over call this. */
  reveal(): string {
    return this.#text
  }

  /** Throws where it can't be had any more: what is to be handed over has to wait for it. */
  checkThere(): void {
    this.reveal()
  }

  isSame(other: Secret): boolean {
    return this.reveal() === other.reveal()
  }

  /** In code points. */
  get length(): number {
    return [...this.#text].length
  }

  /** No NUL, and no half of a surrogate pair: what is sent is what arrives. */
  get isSendable(): boolean {
    return !this.#text.includes('\u0000') && this.#text.isWellFormed()
  }

  toString(): string {
    return '[secret]'
  }

  toJSON(): string {
    return '[secret]'
  }

  [inspect.custom](): string {
    return '[secret]'
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** A new random secret of letters and digits, safe in any URI. 24 characters carry 142 bits. */
export function newSecret(length = 24): Secret {
  return new Secret(randomText(length, ALPHABET))
}

export function randomText(length: number, alphabet: string): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}
