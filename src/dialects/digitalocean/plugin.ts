import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { serveDocument } from '../document.ts'
import { compileLazily, type RequestTypes } from '../validation.ts'
import { type DigitalOceanHttp, setDeadline } from './context.ts'
import { digitaloceanOpenApi } from './document.ts'
import { checkAddress } from './requests/addresses.ts'
import { announceRate, authenticate, type DigitalOceanParts, nameRequest } from './requests/authentication.ts'
import { parseBody, readBodiesRaw } from './requests/bodies.ts'
import { sendProblem } from './requests/problems.ts'
import { replayHooks } from './requests/replay.ts'
import { accountRoutes } from './routes/account.ts'
import { clusterPartRoutes } from './routes/cluster-parts.ts'
import { clusterSettingRoutes } from './routes/cluster-settings.ts'
import { clusterRoutes, clusterSchemas } from './routes/clusters.ts'
import { databaseRoutes, databaseSchemas } from './routes/databases.ts'
import { sqlModeRoutes } from './routes/sql-mode.ts'
import { tagRoutes } from './routes/tags.ts'
import { tokenRoutes } from './routes/token.ts'
import { unknownRoutes } from './routes/unknown.ts'
import { userRoutes, userSchemas } from './routes/users.ts'
import { ErrorBody } from './wire/errors.ts'

const SCHEMAS: readonly TSchema[] = [ErrorBody, ...clusterSchemas, ...userSchemas, ...databaseSchemas]

/** The DigitalOcean dialect: Managed Databases under `/v2`, and the one path elsewhere that its command line asks for. */
export async function digitaloceanDialect(scope: FastifyInstance, parts: DigitalOceanParts): Promise<void> {
  serveDocument(scope, { name: 'digitalocean', openapi: digitaloceanOpenApi, schemas: SCHEMAS })
  const below = (prefix: string, routes: (api: DigitalOceanHttp) => void) =>
    scope.register(
      async api => {
        const http = api.withTypeProvider<RequestTypes>()
        manners(http, parts)
        routes(http)
      },
      { prefix },
    )
  await below('/v2', api => {
    unknownRoutes(api)
    clusterRoutes(api, parts)
    clusterSettingRoutes(api, parts)
    clusterPartRoutes(api, parts)
    sqlModeRoutes(api, parts)
    tagRoutes(api, parts)
    accountRoutes(api)
    userRoutes(api, parts)
    databaseRoutes(api, parts)
  })
  await below('/v1/oauth', api => tokenRoutes(api))
}

/** What holds for every request of this dialect, before any route of its own. */
function manners(api: DigitalOceanHttp, parts: DigitalOceanParts): void {
  api.decorate('dialect', 'digitalocean')
  for (const schema of SCHEMAS) api.addSchema(schema)
  api.setValidatorCompiler(compileLazily)
  api.setSerializerCompiler(() => value => JSON.stringify(value))
  api.setErrorHandler(sendProblem)
  readBodiesRaw(api)
  api.addHook('onRequest', (request, reply) => setDeadline(parts, request, reply))
  api.addHook('onRequest', nameRequest)
  api.addHook('onRequest', (_request, reply) => announceRate(parts, reply))
  api.addHook('onRequest', (request, reply) => authenticate(parts, request, reply))
  api.addHook('onRequest', checkAddress)
  api.addHook('preValidation', parseBody)
  replayHooks(api, parts)
}
