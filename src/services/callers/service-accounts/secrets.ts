import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { ServiceAccountSecret } from '../../../domain/callers/service-account.ts'
import { newKeyId } from '../../../domain/id.ts'
import { randomText, Secret } from '../../../domain/secret.ts'

/** A secret that has just been made; its text is known here and nowhere else afterwards. */
export interface MadeSecret {
  readonly stored: ServiceAccountSecret
  readonly secret: Secret
}

const DAY_MS = 86_400_000
/** What clients know these secrets by. */
const PREFIX = 'mdb_sa_sk_'
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

export async function makeSecret(keyId: string, createdAt: number, hours: number): Promise<MadeSecret> {
  const text = PREFIX + randomText(40, LETTERS)
  const times = { createdAt, expiresAt: createdAt + (hours / 24) * DAY_MS }
  const stored = { id: newKeyId(), keyId, hash: await slowHash(text), ending: text.slice(-4), ...times }
  return { stored, secret: new Secret(text) }
}

/** The secret that a text is, among those that are still good. */
export async function findSecret(
  text: string,
  secrets: readonly ServiceAccountSecret[],
  now: number,
): Promise<ServiceAccountSecret | undefined> {
  const candidates = secrets.filter(({ expiresAt, ending }) => expiresAt > now && text.endsWith(ending))
  for (const one of candidates) if (await isOf(text, one.hash)) return one
  return undefined
}

const derive = promisify<string, Buffer, number, { N: number; r: number; p: number }, Buffer>(scrypt)
/** 16 MB and some 40 ms a guess. */
const COST = { N: 16_384, r: 8, p: 1 } as const

async function slowHash(text: string, salt = randomBytes(16)): Promise<string> {
  const hash = await derive(text, salt, 32, COST)
  return `scrypt ${salt.toString('base64url')} ${hash.toString('base64url')}`
}

async function isOf(text: string, hash: string): Promise<boolean> {
  const [, salt = ''] = hash.split(' ')
  const found = await slowHash(text, Buffer.from(salt, 'base64url'))
  return found.length === hash.length && timingSafeEqual(Buffer.from(found), Buffer.from(hash))
}
