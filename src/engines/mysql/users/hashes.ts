import { createHash, randomInt, timingSafeEqual } from 'node:crypto'
import { Secret } from '../../../domain/secret.ts'
import { sha256Crypt } from './sha256-crypt.ts'

/** Ways of keeping a password that we can compute. */
export const PLUGINS = ['caching_sha2_password', 'mysql_native_password'] as const
export type Plugin = (typeof PLUGINS)[number]

export function isPlugin(name: string | undefined): name is Plugin {
  return (PLUGINS as readonly (string | undefined)[]).includes(name)
}

/** What a server keeps of a password. */
export interface PasswordHash {
  readonly plugin: Plugin
  readonly hash: Secret
}

/** How each is shown. */
export const HASH_SHOWN: Readonly<Record<Plugin, string>> = {
  caching_sha2_password: '$A$005$…',
  mysql_native_password: '*…',
}

export function hashFor(plugin: Plugin, password: Secret): PasswordHash {
  const text = password.reveal()
  const hash = plugin === 'mysql_native_password' ? nativeHash(text) : cachingSha2Hash(text, newSalt())
  return { plugin, hash: new Secret(hash) }
}

/** Is this the password behind what the server keeps? */
export function isPasswordOf(plugin: string, kept: string, password: Secret): boolean {
  if (kept === '') return false
  if (plugin === 'mysql_native_password') return isSame(kept.toUpperCase(), nativeHash(password.reveal()))
  const salt = plugin === 'caching_sha2_password' ? /^\$A\$005\$([\s\S]{20})/.exec(kept)?.[1] : undefined
  return salt !== undefined && isSame(kept, cachingSha2Hash(password.reveal(), salt))
}

function isSame(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)]
  return a.length === b.length && timingSafeEqual(a, b)
}

function nativeHash(password: string): string {
  const once = createHash('sha1').update(password).digest()
  return `*${createHash('sha1').update(once).digest('hex').toUpperCase()}`
}

/** MySQL's own number: `$A$005` means 5 times 1000 rounds. */
const ROUNDS = 5_000

export function cachingSha2Hash(password: string, salt: string): string {
  return `$A$005$${salt}${sha256Crypt(password, salt, ROUNDS)}`
}

const SALT_CHARACTERS = 20
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

// The server takes any bytes; letters survive every way a statement goes.
function newSalt(): string {
  return Array.from({ length: SALT_CHARACTERS }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}
