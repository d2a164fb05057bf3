import type { FastifyInstance } from 'fastify'
import { serveDocument } from '../document.ts'
import type { RequestTypes } from '../validation.ts'
import { authenticate, type WiremockParts } from './authentication.ts'
import { parseBody, readBodiesRaw } from './bodies/bodies.ts'
import { compileShapes } from './bodies/validation.ts'
import type { WiremockHttp } from './context.ts'
import { wiremockOpenApi } from './document.ts'
import { sendProblem } from './problems.ts'
import { accessListRoutes } from './routes/access-lists.ts'
import { auditEventRoutes } from './routes/audit-events.ts'
import { collectionRoutes } from './routes/collection.ts'
import { connectionRoutes } from './routes/connections.ts'
import { dataSourceRoutes } from './routes/data-sources.ts'
import { invitationRoutes } from './routes/invitations.ts'
import { organisationRoutes } from './routes/organisations.ts'
import { teamRoutes } from './routes/teams.ts'
import { storedTestRoute, typedTestRoute } from './routes/tests.ts'
import { unknownRoutes } from './routes/unknown.ts'
import { userRoutes } from './routes/users.ts'
import { COLLECTIONS } from './wire/access-lists.ts'
import { connectionSchemas } from './wire/connections.ts'
import { TestInput } from './wire/coordinates.ts'
import { dataSourceSchemas } from './wire/data-sources.ts'
import { errorSchemas } from './wire/errors.ts'
import { invitationSchemas } from './wire/invitations.ts'
import { teamSchemas } from './wire/teams.ts'
import { TestOutcomeBody } from './wire/tests.ts'
import { userSchemas } from './wire/users.ts'

const SCHEMAS = [
  ...connectionSchemas,
  TestInput,
  TestOutcomeBody,
  ...errorSchemas,
  ...userSchemas,
  ...teamSchemas,
  ...invitationSchemas,
  ...dataSourceSchemas,
]

/** The WireMock Cloud dialect: database connections under `/v1`. */
export async function wiremockDialect(scope: FastifyInstance, parts: WiremockParts): Promise<void> {
  serveDocument(scope, { name: 'wiremock', openapi: wiremockOpenApi, schemas: SCHEMAS })
  await scope.register(async api => routes(api.withTypeProvider<RequestTypes>(), parts), { prefix: '/v1' })
}

async function routes(api: WiremockHttp, parts: WiremockParts): Promise<void> {
  api.decorate('dialect', 'wiremock')
  for (const schema of SCHEMAS) api.addSchema(schema)
  api.setValidatorCompiler(compileShapes)
  api.setSerializerCompiler(() => value => JSON.stringify(value))
  api.setErrorHandler(sendProblem)
  readBodiesRaw(api)
  api.addHook('onRequest', (request, reply) => authenticate(parts, request, reply))
  api.addHook('preValidation', parseBody)
  unknownRoutes(api)
  collectionRoutes(api, parts)
  typedTestRoute(api, parts)
  for (const alias of ALIASES) {
    connectionRoutes(api, parts, alias)
    storedTestRoute(api, parts, alias)
  }
  for (const collection of COLLECTIONS) accessListRoutes(api, parts, collection)
  dataSourceRoutes(api, parts)
  organisationRoutes(api, parts)
  invitationRoutes(api, parts)
  auditEventRoutes(api, parts)
  teamRoutes(api, parts)
  userRoutes(api, parts)
}

const ALIASES = [
  { prefix: 'database-connections', hide: false },
  { prefix: 'data-connections', hide: true },
] as const
