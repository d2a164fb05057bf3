import type { FastifyRequest } from 'fastify'
import type { Caller } from '../../../domain/callers/caller.ts'
import { type Origin, refused } from '../../../services/callers/authentication.ts'
import { isToken } from '../../../services/callers/tokens.ts'
import type { TroveParts } from '../context.ts'

/** What clients send as their token that were told to bring none (`--os-auth-type none`). */
const NO_TOKEN = 'notused'

/** Whose request it is: by token, else by name and password where that is wished for. Throws `unauthenticated`. */
export async function callerOf(parts: TroveParts, { headers }: FastifyRequest, origin: Origin): Promise<Caller> {
  const token = headers['x-auth-token']
  if (typeof token === 'string' && token !== '') return callerWith(parts, token, origin)
  const pair = parts.wishes.httpBasic ? basicPair(headers.authorization) : undefined
  if (!pair) throw refused()
  return callerCalled(parts, pair.name, pair.password, origin)
}

/** Whose token it is; a key's private half is one, too. */
async function callerWith({ services, wishes }: TroveParts, text: string, origin: Origin): Promise<Caller> {
  if (text === NO_TOKEN && wishes.anonymous !== undefined)
    return services.authentication.standIn(wishes.anonymous, origin)
  if (isToken(text)) return (await services.tokens.caller(text, origin)).caller
  return services.authentication.byPrivateKey(text, origin)
}

/** By the private half of a key, under its operator's name or id, or under its public half. */
export async function callerCalled(
  { services }: Pick<TroveParts, 'services'>,
  name: string,
  secret: string,
  origin: Origin,
): Promise<Caller> {
  const caller = await services.authentication.byPrivateKey(secret, origin)
  const { operator, key } = caller
  if (![operator.username, operator.id, key.publicKey].includes(name)) throw refused()
  return caller
}

function basicPair(authorization = ''): { readonly name: string; readonly password: string } | undefined {
  const [, encoded] = /^basic +([a-z0-9+/]+=*)$/i.exec(authorization) ?? []
  const text = Buffer.from(encoded ?? '', 'base64').toString()
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) }
}
