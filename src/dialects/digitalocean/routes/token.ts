import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import { scopesOf } from '../../../domain/callers/api-key.ts'
import type { Caller } from '../../../domain/callers/caller.ts'
import { scopesWithin } from '../../../domain/callers/scope.ts'
import type { DigitalOceanHttp } from '../context.ts'
import { refusals } from '../wire/errors.ts'

const TokenInfo = Type.Object({
  resource_owner_id: Type.Integer({ description: 'Stands for the operator' }),
  scopes: Type.Array(Type.String()),
  expires_in_seconds: Type.Union([Type.Integer(), Type.Null()]),
  application: Type.Object({ uid: Type.String() }),
  created_at: Type.Integer({ description: 'Unix seconds' }),
})

/** `doctl auth init --token-validation-server` asks here whether a token is good. */
export function tokenRoutes(http: DigitalOceanHttp): void {
  http.get(
    '/token/info',
    {
      schema: {
        operationId: 'oauth_token_info',
        tags: ['Token'],
        summary: 'What the token is good for',
        response: { 200: TokenInfo, ...refusals() },
      },
    },
    async ({ caller }) => fromCaller(caller, Date.now()),
  )
}

function fromCaller({ key, operator, roles }: Caller, now: number) {
  const home = key.homeProjectId
  return {
    resource_owner_id: createHash('sha256').update(operator.id).digest().readUInt32BE() >>> 1,
    scopes: scopesOf(key, home) ?? scopesWithin(roles.get(home)),
    expires_in_seconds: key.expiresAt === undefined ? null : Math.floor((key.expiresAt - now) / 1000),
    application: { uid: 'rolecall' },
    created_at: Math.floor(key.createdAt / 1000),
  }
}
