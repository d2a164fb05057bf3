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

/** A hook: who asks comes first, then the fields of the form. Of one that comes twice the first counts. */
export async function readForm(request: FastifyRequest): Promise<void> {
  clientIn(request)
  const fields = new URLSearchParams((request.body as Buffer | undefined)?.toString() ?? '')
  request.body = Object.fromEntries([...fields].toReversed())
}
