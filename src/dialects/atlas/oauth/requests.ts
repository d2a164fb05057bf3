import type { FastifyRequest } from 'fastify'
import type { ClientProof } from '../../../services/callers/service-accounts/oauth.ts'
import { OAuthRefusal } from './refusals.ts'

/** Who a client says that it is: HTTP Basic, both halves escaped as in a form, since Go's client sends them so. */
export function clientIn({ headers }: FastifyRequest): ClientProof {
  const [, encoded] = /^Basic +(\S+)$/i.exec(headers.authorization ?? '') ?? []
  const text = Buffer.from(encoded ?? '', 'base64').toString()
  const at = text.indexOf(':')
  if (at < 1) throw new OAuthRefusal(401, 'invalid_client', 'Client authentication is required')
  return { clientId: unescaped(text.slice(0, at)), secret: unescaped(text.slice(at + 1)) }
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}

/** The fields of a form, and that this one is there. */
export function fieldIn(request: FastifyRequest, name: string): string {
  const bytes = request.body as Buffer | undefined
  const value = new URLSearchParams(bytes?.toString() ?? '').get(name)
  if (!value) throw new OAuthRefusal(400, 'invalid_request', `${name} is missing: send it as a form`)
  return value
}
