import { type TSchema, Type } from 'typebox'
import type { DialectDocument } from '../document.ts'
import { ref } from '../request.ts'
import { FIRST } from './requests/media.ts'
import { ApiError } from './wire/common.ts'

/** What `/openapi/atlas.json` says beyond the routes' own schemas. */
export const atlasOpenApi: DialectDocument['openapi'] = {
  info: {
    title: 'MongoDB Atlas Administration API',
    version: '2.0',
    description:
      'Database users of real MongoDB servers, and what clients of the hosted API ask around them. `/api/atlas/v1.0` and `/v1.5` are older forms.',
  },
  security: [{ digest: [] }, { bearer: [] }],
  components: {
    securitySchemes: {
      digest: {
        type: 'http',
        scheme: 'digest',
        description: 'The public half of a key as user, its private half as password',
      },
      bearer: { type: 'http', scheme: 'bearer', description: 'A token of `/api/oauth/token`' },
      basic: { type: 'http', scheme: 'basic', description: 'Client id and secret of a service account' },
    },
  },
  tags: [
    { name: 'Root', description: 'Who asks, and what answers' },
    { name: 'Organizations', description: 'The installation' },
    { name: 'Projects', description: 'Groups, as paths call them' },
    { name: 'Clusters', description: 'MongoDB servers that are managed here' },
    { name: 'Database Users', description: 'Who may log in to the clusters of a project' },
    { name: 'Custom Database Roles', description: 'Roles that projects make themselves' },
    {
      name: 'Project IP Access List',
      description: 'Client networks that a project names; kept and told, not enforced',
    },
    { name: 'Programmatic API Keys', description: 'Keys for this API' },
    { name: 'Service Accounts', description: 'Keys whose secrets can be changed' },
    { name: 'OAuth', description: 'Tokens for service accounts' },
  ],
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'It can not be read, or is not acceptable',
  401: 'No credentials, none that are good, too weak a role, or not one of the caller’s projects',
  403: 'Not from this network, not here, or over a limit',
  404: 'There is no such thing',
  405: 'Not a method of this path',
  406: 'No version that there is',
  409: 'Taken, in use, or being changed by somebody else',
  410: 'A version that was withdrawn',
  413: 'Larger than this server takes',
  429: 'Too many requests',
  500: 'Unexpected',
  503: 'A cluster, or Rolecall itself, can not answer now',
}

const isTrue = Type.Optional(Type.Boolean({ default: false }))
const STYLE = { pretty: isTrue, envelope: isTrue }
const PAGING = {
  pageNum: Type.Optional(Type.Integer({ minimum: 1, default: 1 })),
  itemsPerPage: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 100 })),
  includeCount: Type.Optional(Type.Boolean({ default: true })),
}

/** What a route says, in the media types of its generation, with what every call takes and can be refused with: said once, for the document alone. */
export const withManners: NonNullable<DialectDocument['transform']> = ({ schema, url, route }) => {
  if (!schema || schema.hide || !url.startsWith('/api/atlas/')) return { schema, url }
  // The root has a second address.
  if (url.endsWith('/')) return { schema: { ...schema, hide: true }, url }
  const { paged = false, versions = [FIRST] } = route.config ?? {}
  const legacy = url.startsWith('/api/atlas/v2') ? undefined : url.split('/')[3]!
  const types = legacy ? ['application/json'] : versions.map(version => `application/vnd.atlas.${version}+json`)
  const own = Object.entries((schema.response ?? {}) as Record<string, TSchema>)
  return {
    url,
    schema: {
      ...schema,
      operationId: `${schema.operationId}${legacy?.replace('.', '').replace('v10', 'V1').replace('v15', 'V15') ?? ''}`,
      querystring: Type.Object(paged ? { ...PAGING, ...STYLE } : STYLE),
      response: { ...REFUSALS, ...Object.fromEntries(own.map(([status, one]) => [status, answered(one, types)])) },
    },
  }
}

const REFUSALS = Object.fromEntries(
  Object.entries(ERRORS).map(([status, description]) => [
    status,
    { description, content: { 'application/json': { schema: ref(ApiError) } } },
  ]),
)

/** Without a body, in a form that the route names itself, or in each of these types. */
function answered(
  schema: TSchema & { description?: string; content?: object; type?: string },
  types: readonly string[],
) {
  if (schema.type === 'null' || schema.content) return schema
  const content = Object.fromEntries(types.map(type => [type, { schema }]))
  return { description: schema.description ?? 'Done', content }
}
