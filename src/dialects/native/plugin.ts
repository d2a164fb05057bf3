import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TSchema } from 'typebox'
import { Fault } from '../../domain/fault.ts'
import { privateKeyOf, refused } from '../../services/callers/authentication.ts'
import { serveDocument } from '../document.ts'
import { type CountRequest, limitRate, rateLimitFields } from '../rate.ts'
import { compileLazily, type RequestTypes } from '../validation.ts'
import type { NativeHttp, RouteParts } from './context.ts'
import { nativeDocument } from './document.ts'
import { dryRunHooks } from './dry-run.ts'
import { Problem, sendProblem } from './problems.ts'
import { replayHooks } from './replay.ts'
import { aboutRoutes, aboutSchemas } from './routes/about.ts'
import { connectionRoutes, connectionSchemas } from './routes/connections.ts'
import { databaseRoutes, databaseSchemas } from './routes/databases.ts'
import { eventRoutes } from './routes/events.ts'
import { instanceRoutes, instanceSchemas } from './routes/instances.ts'
import { keyRoutes, keySchemas } from './routes/keys.ts'
import { operationRoutes, operationSchemas } from './routes/operations.ts'
import { projectRoutes, projectSchemas } from './routes/projects.ts'
import { userAccessRoutes } from './routes/users/access.ts'
import { grantRoutes, grantSchemas } from './routes/users/grants.ts'
import { sessionRoutes, sessionSchemas } from './routes/users/sessions.ts'
import { userRoutes, userSchemas } from './routes/users/users.ts'

export interface NativeParts extends RouteParts {
  readonly version: string
  readonly dialects: readonly string[]
  readonly countRequest: CountRequest
}

const SCHEMAS: readonly TSchema[] = [
  Problem,
  ...aboutSchemas,
  ...projectSchemas,
  ...keySchemas,
  ...connectionSchemas,
  ...instanceSchemas,
  ...userSchemas,
  ...sessionSchemas,
  ...grantSchemas,
  ...databaseSchemas,
  ...operationSchemas,
]

/** Rolecall's own API: contracts of `/rolecall/v1`. */
export async function nativeDialect(scope: FastifyInstance, parts: NativeParts): Promise<void> {
  serveDocument(scope, nativeDocument(parts.version, SCHEMAS))
  scope.decorate('dialect', 'native')
  await scope.register(async api => routes(api.withTypeProvider<RequestTypes>(), parts), { prefix: '/rolecall/v1' })
}

async function routes(api: NativeHttp, parts: NativeParts): Promise<void> {
  for (const schema of SCHEMAS) api.addSchema(schema)
  api.setValidatorCompiler(compileLazily)
  api.setSerializerCompiler(() => value => JSON.stringify(value))
  api.setErrorHandler(sendProblem)
  api.setNotFoundHandler((request, reply) => sendProblem(notServed(api, request), request, reply))
  acceptEmptyJson(api)
  api.addHook('onRequest', (request, reply) => authenticate(parts, request, reply))
  dryRunHooks(api)
  replayHooks(api, parts)
  aboutRoutes(api, parts)
  projectRoutes(api, parts)
  keyRoutes(api, parts)
  connectionRoutes(api, parts)
  instanceRoutes(api, parts)
  userRoutes(api, parts)
  userAccessRoutes(api, parts)
  sessionRoutes(api, parts)
  grantRoutes(api, parts)
  databaseRoutes(api, parts)
  operationRoutes(api, parts)
  eventRoutes(api, parts)
}

/** A path that is served, by another method; or none at all. */
function notServed(api: NativeHttp, { method, url }: FastifyRequest): Fault {
  const path = url.split('?')[0] ?? ''
  const allow = api.methodsAt(path)
  if (allow.length === 0) return new Fault('not_found', 'request', `No ${method} ${path} here`)
  return new Fault('method_not_allowed', 'request', `This path takes ${allow.join(', ')}`, { allow })
}

/** Before routing to a thing, reading the body or validating anything: ids can't be probed without a key. */
async function authenticate(
  { services, countRequest }: NativeParts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  reply.header('cache-control', 'no-store')
  const key = privateKeyOf(request.headers.authorization, ['bearer', 'token'])
  if (!key) throw refused()
  request.caller = await services.authentication.byPrivateKey(key, {
    address: request.ip,
    dialect: 'native',
    requestId: request.id,
  })
  await limitRate(countRequest, request, reply, rateLimitFields)
}

/** Clients send a JSON content type with bodiless POSTs and DELETEs; that is no body, not a broken one. */
function acceptEmptyJson(api: NativeHttp): void {
  api.removeAllContentTypeParsers()
  api.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    const text = body.toString().replace(/^\uFEFF/, '')
    if (text.trim() === '') return done(null, undefined)
    try {
      done(null, JSON.parse(text, inert))
    } catch {
      done(new Fault('malformed', 'request', 'The body is not valid JSON'))
    }
  })
}

/** A member called `__proto__` is left out instead of becoming one. */
function inert(this: unknown, name: string, value: unknown): unknown {
  return name === '__proto__' ? undefined : value
}
