import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { ApiKey } from '../../../../domain/callers/api-key.ts'
import type { AtlasParts } from '../../context.ts'
import { naming } from '../../refusals/faults.ts'

export const tags = ['Programmatic API Keys']
export const OrgKeyParams = Type.Object({ orgId: Type.String(), keyId: Type.String() })

/** The key of the installation that a path names. */
export async function orgKeyAt({ services }: AtlasParts, request: FastifyRequest): Promise<ApiKey> {
  const { keyId } = request.params as { readonly keyId: string }
  return services.keyChanges.getAny(request.caller, keyId).catch(naming({ not_found: ['API_KEY_NOT_FOUND', keyId] }))
}
