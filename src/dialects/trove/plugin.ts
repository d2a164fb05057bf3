import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { serveDocument } from '../document.ts'
import { compileLazily, type RequestTypes } from '../validation.ts'
import type { TroveGiven, TroveHttp, TroveParts } from './context.ts'
import { troveOpenApi, withFaults } from './document.ts'
import { identityRoutes, identitySchemas, rootIdentityRoutes } from './identity/plugin.ts'
import { problemSender } from './refusals/problems.ts'
import { checkVersion, finishHeaders, negotiate } from './requests/answers.ts'
import { authenticate, checkTenant, nameRequest } from './requests/authentication.ts'
import { parseBody, readBodiesRaw } from './requests/bodies.ts'
import { createVerbRates } from './requests/rates.ts'
import { accessRoutes } from './routes/access.ts'
import { actionRoutes } from './routes/actions.ts'
import { catalogueRoutes, catalogueSchemas } from './routes/catalogue.ts'
import { databaseRoutes, databaseSchemas } from './routes/databases.ts'
import { instanceRoutes, instanceSchemas } from './routes/instances.ts'
import { rootRoutes, rootSchemas } from './routes/root.ts'
import { unknownRoutes } from './routes/unknown.ts'
import { userRoutes, userSchemas } from './routes/users.ts'
import { versionRoutes, versionSchemas } from './routes/versions.ts'
import { FaultBody } from './wire/faults.ts'

const SCHEMAS: readonly TSchema[] = [
  FaultBody,
  ...userSchemas,
  ...databaseSchemas,
  ...rootSchemas,
  ...instanceSchemas,
  ...catalogueSchemas,
  ...versionSchemas,
]

/** The Trove dialect: databases and users under `/v1.0/{accountId}`, in JSON and XML, and the identity endpoints before it. */
export async function troveDialect(scope: FastifyInstance, given: TroveGiven): Promise<void> {
  const parts = { ...given, rates: createVerbRates(given.wishes.rate) }
  const document = {
    name: 'trove',
    openapi: troveOpenApi,
    schemas: [...SCHEMAS, ...identitySchemas],
    transform: withFaults,
  }
  serveDocument(scope, document)
  scope.get('/healthcheck', { schema: { hide: true } }, (_request, reply) => reply.type('text/plain').send('OK'))
  const below = (prefix: string, register: (api: TroveHttp, parts: TroveParts) => Promise<void>) =>
    scope.register(async api => register(api.withTypeProvider<RequestTypes>(), parts), { prefix })
  await below('/identity', identityRoutes)
  await below('/v2.0', rootIdentityRoutes)
  await below('', openRoutes)
  await below('/v1.0', routes)
}

/** Without a token. */
async function openRoutes(api: TroveHttp, parts: TroveParts): Promise<void> {
  manners(api, parts)
  versionRoutes(api, parts)
}

async function routes(api: TroveHttp, parts: TroveParts): Promise<void> {
  manners(api, parts)
  api.addHook('onRequest', (request, reply) => authenticate(parts, request, reply))
  api.addHook('onRequest', request => checkTenant(parts, request))
  api.addHook('onRequest', checkVersion)
  unknownRoutes(api, parts)
  userRoutes(api, parts)
  accessRoutes(api, parts)
  databaseRoutes(api, parts)
  rootRoutes(api, parts)
  instanceRoutes(api, parts)
  actionRoutes(api, parts)
  catalogueRoutes(api, parts)
}

/** What holds for every request of this dialect, whoever asks. */
function manners(api: TroveHttp, parts: TroveParts): void {
  api.decorate('dialect', 'trove')
  for (const schema of SCHEMAS) api.addSchema(schema)
  api.setValidatorCompiler(compileLazily)
  api.setSerializerCompiler(() => value => JSON.stringify(value))
  api.setErrorHandler(problemSender(parts))
  readBodiesRaw(api)
  api.addHook('onRequest', nameRequest)
  api.addHook('onRequest', negotiate)
  api.addHook('preValidation', parseBody)
  api.addHook('onSend', finishHeaders)
}
