import { randomBytes, randomUUID } from 'node:crypto'
import { randomText } from './secret.ts'

const LOWER = 'abcdefghijklmnopqrstuvwxyz'
const LOWER_DIGITS = `${LOWER}0123456789`
const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** 24 lower-case hex digits, valid as a project's id in all four dialects. */
export const newProjectId = (): string => randomBytes(12).toString('hex')

export const isProjectId = (text: string): boolean => /^[0-9a-f]{24}$/.test(text)

/** 8 lower-case letters and digits that begin with a letter: WireMock's `IdSchema` allows 5 to 10. */
export const newShortId = (): string => randomText(1, LOWER) + randomText(7, LOWER_DIGITS)

export const newInstanceId = (): string => randomUUID()

/** The public half of a key: 8 lower-case letters, as Atlas has them. */
export const newPublicKey = (): string => randomText(8, LOWER)

/** 24 lower-case hex digits, as Atlas has them. */
export const newKeyId = (): string => randomBytes(12).toString('hex')

/** 8 hex digits that mark what this installation made on an engine. */
export const newInstallationId = (): string => randomBytes(4).toString('hex')

/** `op_` and 26 characters that sort by time (ULID). */
export const newOperationId = (now: number): string => `op_${ulid(now)}`

export function ulid(now: number): string {
  return base32(BigInt(now), 10) + base32(BigInt(`0x${randomBytes(10).toString('hex')}`), 16)
}

function base32(value: bigint, length: number): string {
  let text = ''
  for (let rest = value; text.length < length; rest >>= 5n) text = CROCKFORD[Number(rest & 31n)] + text
  return text
}
