import type { FastifyRequest } from 'fastify'
import { Fault } from '../../../domain/fault.ts'
import { compileLazily } from '../../validation.ts'
import type { TroveHttp, TroveParts } from '../context.ts'
import { nameRequest } from '../requests/authentication.ts'
import { readBodiesRaw } from '../requests/bodies.ts'
import { IdentityFault } from '../wire/faults.ts'
import { identityProblemSender } from './problems.ts'
import { identityVersionRoutes, v2Routes, v3Routes } from './routes.ts'

export const identitySchemas = [IdentityFault]

/** Keystone's endpoints, as far as clients of the database API ask them: tokens, and where the services are. */
export async function identityRoutes(api: TroveHttp, parts: TroveParts): Promise<void> {
  identityManners(api, parts)
  identityVersionRoutes(api, parts)
  v3Routes(api, parts)
  v2Routes(api, parts, '/v2.0')
}

/** Version 2 at the root, where Rackspace's clients look. */
export async function rootIdentityRoutes(api: TroveHttp, parts: TroveParts): Promise<void> {
  identityManners(api, parts)
  v2Routes(api, parts, '')
}

function identityManners(api: TroveHttp, parts: TroveParts): void {
  api.decorate('dialect', 'trove')
  for (const schema of identitySchemas) api.addSchema(schema)
  api.setValidatorCompiler(compileLazily)
  api.setSerializerCompiler(() => value => JSON.stringify(value))
  api.setErrorHandler(identityProblemSender(parts))
  api.setNotFoundHandler(async request => {
    const allow = api.methodsAt(request.url.split('?')[0] ?? '')
    if (allow.length === 0) throw new Fault('not_found', 'request', 'Nothing is served at this path')
    throw new Fault('method_not_allowed', 'request', `This path takes ${allow.join(', ')}`, { allow })
  })
  readBodiesRaw(api)
  api.addHook('onRequest', nameRequest)
  api.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'))
  api.addHook('preValidation', parseJsonBody)
}

/** JSON whatever its type says: there is nothing else here. The parser's own message would quote it, and with it passwords. */
async function parseJsonBody(request: FastifyRequest): Promise<void> {
  const bytes = request.body as Buffer | undefined
  const isWanted = request.routeOptions.schema?.body !== undefined
  request.body = isWanted ? parse(bytes ?? Buffer.alloc(0)) : undefined
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new Fault('malformed', 'request', 'The body is not valid JSON')
  }
}
