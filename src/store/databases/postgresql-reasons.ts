import pg from 'pg'
import { codeOf } from '../faults.ts'

const BY_CODE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing answers at its address',
  ENOTFOUND: 'its host name leads nowhere',
  EAI_AGAIN: 'its host name can not be resolved now',
  ETIMEDOUT: 'it does not answer in time',
}

/** What a driver's error comes down to: without a word of the store's address, and with the code that tells errors apart. */
class WithoutAddress extends Error {
  override readonly name = 'WithoutAddress'
  readonly code?: string

  constructor(reason: string, code: string | undefined) {
    super(reason)
    this.code = code
  }
}

/** For everything that is logged or shown. An answer of the server itself does not know how it was addressed. */
export function withoutAddress(error: unknown): Error {
  if (error instanceof pg.DatabaseError || error instanceof WithoutAddress) return error
  return new WithoutAddress(reasonOf(error), codeOf(error))
}

/** There is a password in the address, and a mistyped one puts it anywhere, even into the host's name. */
export function reasonOf(cause: unknown): string {
  if (cause instanceof pg.DatabaseError || cause instanceof WithoutAddress) return cause.message
  const code = codeOf(cause)
  if (code !== undefined) return BY_CODE[code] ?? code
  const message = cause instanceof Error ? cause.message : ''
  const isPlain = /^(timeout|Query read timeout|Connection terminated|The server does not|SASL)/.test(message)
  return isPlain ? message : 'its address can not be used'
}
