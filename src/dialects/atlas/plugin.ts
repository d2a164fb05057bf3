import type { FastifyInstance } from 'fastify'
import type { TSchema } from 'typebox'
import { serveDocument } from '../document.ts'
import { compileLazily, type RequestTypes } from '../validation.ts'
import { authenticate } from './authentication/authenticate.ts'
import type { AtlasHttp, AtlasParts, Generation } from './context.ts'
import { atlasOpenApi, withManners } from './document.ts'
import { oauthRoutes, oauthSchemas } from './oauth/routes.ts'
import { sendProblem } from './refusals/problems.ts'
import { checkAddress, readPath } from './requests/addresses.ts'
import { beginAnswers, finishAnswer } from './requests/answers.ts'
import { checkEcho, ignoreContentType, parseBody, readBodiesRaw } from './requests/bodies.ts'
import { negotiate } from './requests/media.ts'
import { checkStyle } from './requests/query.ts'
import { countRequest } from './requests/rates.ts'
import { customRoleRoutes, customRoleSchemas } from './roles/routes.ts'
import { accessListRoutes, accessListSchemas } from './routes/access-list.ts'
import { allClusterRoutes, clusterRoutes } from './routes/clusters.ts'
import { groupPartRoutes, groupPartSchemas } from './routes/group-parts.ts'
import { groupRoutes, groupSchemas } from './routes/groups.ts'
import { groupKeyRoutes } from './routes/keys/group-keys.ts'
import { keyNetworkRoutes } from './routes/keys/key-networks.ts'
import { orgKeyRoutes } from './routes/keys/org-keys.ts'
import { serviceAccountRoutes, serviceAccountSchemas } from './routes/keys/service-accounts.ts'
import { orgRoutes, orgSchemas } from './routes/orgs.ts'
import { rootRoutes, rootSchemas } from './routes/root.ts'
import { sideRoutes } from './routes/side.ts'
import { unknownRoutes } from './routes/unknown.ts'
import { certificateRoutes } from './users/certificates.ts'
import { databaseUserRoutes, databaseUserSchemas } from './users/routes.ts'
import { clusterSchemas } from './wire/clusters/schemas.ts'
import { ApiError } from './wire/common.ts'
import { keySchemas } from './wire/keys.ts'

/*
 * How to add a resource: a file of routes (`xRoutes(http, parts)`), listed below for each generation that has it. Paths are below
 * `/api/atlas/GENERATION`. A route names
 * - `onRequest: groupWith(parts, right)` where its path has `:groupId`: afterwards `request.projectId` is that project, and the caller has
 *   the right there. `request.params` hold every segment decoded once;
 * - `config: { versions, bucket }` where it has other versions than 2023-01-01, or a limit of its own;
 * - `schema.body`, in TypeBox, where it takes a body: what the schema finds becomes this API's error codes (`refusals/violations.ts`).
 *   `preValidation: absent({ null: [...], blank: [...] })` drops what clients send and do not mean.
 * It answers plain objects: names are sorted, `pretty` and `envelope` heeded, media type and error shape set for it. Lists: `pageOf`, or
 * `listPageIn` and `listBody` where the page is cut elsewhere (`requests/pages.ts`); an object with `results` counts as a list. Links:
 * `selfLink`, `hrefOf`, `segmentOf` (`requests/addresses.ts`). Refusals: `throw refusal('CODE', ...parameters)`, all codes and their
 * words in `refusals/codes.ts`. Faults of services: `refusals/faults.ts`, or `.catch(naming({ not_found: ['USER_NOT_FOUND', name] }))`.
 */
const EVERYTHING: Routes = [
  rootRoutes,
  groupRoutes,
  groupPartRoutes,
  orgRoutes,
  clusterRoutes,
  allClusterRoutes,
  accessListRoutes,
  groupKeyRoutes,
  orgKeyRoutes,
  keyNetworkRoutes,
  databaseUserRoutes,
  certificateRoutes,
  customRoleRoutes,
]

const ROUTES: Readonly<Record<Generation, Routes>> = {
  'v1.0': EVERYTHING,
  'v1.5': [clusterRoutes],
  v2: [...EVERYTHING, serviceAccountRoutes],
}

type Routes = readonly ((http: AtlasHttp, parts: AtlasParts) => void)[]

const SCHEMAS: readonly TSchema[] = [
  ApiError,
  ...rootSchemas,
  ...groupSchemas,
  ...groupPartSchemas,
  ...orgSchemas,
  ...clusterSchemas,
  ...accessListSchemas,
  ...keySchemas,
  ...serviceAccountSchemas,
  ...databaseUserSchemas,
  ...customRoleSchemas,
]

/** The MongoDB Atlas Administration API: database users, and what its clients call around them. */
export async function atlasDialect(scope: FastifyInstance, parts: AtlasParts): Promise<void> {
  const schemas = [...SCHEMAS, ...oauthSchemas]
  serveDocument(scope, { name: 'atlas', openapi: atlasOpenApi, schemas, transform: withManners })
  const below = (prefix: string, register: (api: AtlasHttp) => void) =>
    scope.register(async api => register(api.withTypeProvider<RequestTypes>()), { prefix })
  for (const [generation, routes] of Object.entries(ROUTES) as [Generation, Routes][]) {
    await below(`/api/atlas/${generation}`, http => {
      http.decorate('generation', generation)
      manners(http, parts)
      for (const route of routes) route(http, parts)
    })
  }
  await below('/api/oauth', http => oauthRoutes(http, parts))
  await below('/api/private', http => sideRoutes(http, parts))
}

/** What holds for every request of this dialect, in the order in which the contract has its checks. */
function manners(api: AtlasHttp, parts: AtlasParts): void {
  api.decorate('dialect', 'atlas')
  for (const schema of SCHEMAS) api.addSchema(schema)
  api.setValidatorCompiler(compileLazily)
  api.setSerializerCompiler(() => value => JSON.stringify(value))
  api.setErrorHandler(sendProblem)
  readBodiesRaw(api)
  api.addHook('onRequest', beginAnswers(parts))
  api.addHook('onRequest', request => authenticate(parts, request))
  api.addHook('onRequest', countRequest(parts))
  api.addHook('onRequest', checkAddress)
  api.addHook('onRequest', (request, reply) => negotiate(parts, request, reply))
  api.addHook('onRequest', readPath)
  api.addHook('onRequest', ignoreContentType)
  api.addHook('preParsing', checkStyle)
  api.addHook('preValidation', parseBody)
  api.addHook('preHandler', checkEcho)
  api.addHook('onSend', finishAnswer)
  unknownRoutes(api)
}
