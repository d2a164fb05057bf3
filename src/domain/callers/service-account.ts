/** An API key whose private half nobody has: secrets of its own stand for it, which can be changed while it goes on. */
export interface ServiceAccount {
  /** Of the key; 24 hex digits. */
  readonly keyId: string
  readonly name: string
}

export interface ServiceAccountSecret {
  readonly id: string
  readonly keyId: string
  /** A slow hash. */
  readonly hash: string
  /** The last four characters, for people to tell secrets apart. */
  readonly ending: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly lastUsedAt?: number
}
