import type { FastifyRequest } from 'fastify'
import type { ApiKey } from '../../../domain/callers/api-key.ts'
import type { AtlasParts } from '../context.ts'

/** Keys that open the project, oldest first, as far as the caller sees them; without those that are revoked. */
export async function keysOfGroup({ services }: AtlasParts, request: FastifyRequest): Promise<readonly ApiKey[]> {
  const { caller, projectId } = request
  const keys: ApiKey[] = []
  for (let after: string | undefined, last = false; !last; ) {
    const page = await services.keys.list(caller, projectId, { limit: 500, after })
    keys.push(...page.items.filter(({ revokedAt }) => revokedAt === undefined))
    after = page.next
    last = after === undefined
  }
  return keys.toSorted((one, other) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1))
}

/** Those that people and programs use themselves: service accounts are listed on their own. */
export async function withoutAccounts({ services }: AtlasParts, keys: readonly ApiKey[]): Promise<readonly ApiKey[]> {
  const accounts = await services.serviceAccounts.among(keys)
  const ids = new Set(accounts.map(({ key }) => key.id))
  return keys.filter(({ id }) => !ids.has(id))
}
