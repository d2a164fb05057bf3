import type { FastifySchema, RouteOptions } from 'fastify'
import { Type } from 'typebox'
import { dialectDocument } from '../document.ts'
import { ref } from '../request.ts'
import { Problem } from './problems.ts'

const TAGS = {
  About: 'Who am I, what is this, and what can each database product do',
  Projects: 'The unit of ownership, and who belongs to it',
  Keys: 'What operators call with',
  Connections: 'Coordinates and credentials of database servers',
  Instances: 'The managed servers',
  Users: 'Logins on the servers, and what they may do',
  Databases: 'Databases on the servers, and the roles that can be granted',
  Operations: 'What was asked for, what is under way, what is stuck',
}

/** How `/openapi/native.json` is made from the routes' own schemas. */
export function nativeDocument(version: string) {
  const document = {
    info: {
      title: 'Rolecall',
      version,
      description:
        'Every login on every database, one roll: list, create, change, rotate and remove users, grants and databases on real engines.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ bearer: [] }],
    components: {
      securitySchemes: { bearer: { type: 'http' as const, scheme: 'bearer', description: "A key's private half" } },
    },
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  }
  return dialectDocument('nativeSwagger', document, ({ schema, url, route }) => ({
    schema: schema && withManners(schema, route),
    url: url.replace(/(.)\/$/, '$1'),
  }))
}

/** What every route of its kind has, said once: faults, replay key, version. */
function withManners(schema: FastifySchema, { method, url }: RouteOptions): FastifySchema {
  const methods = [method].flat()
  const isChange = methods.some(one => ['POST', 'PATCH', 'PUT', 'DELETE'].includes(one))
  const statuses = [...ALWAYS, ...(url.includes(':') ? [404] : []), ...(isChange ? OF_CHANGES : [])]
  const faults = Object.fromEntries(statuses.map(status => [status, faultWith(FAULT_STATUSES[status]!)]))
  return { ...schema, response: { ...(schema.response as object), ...faults }, ...(isChange && { headers: Headers }) }
}

const Headers = Type.Object({
  'Idempotency-Key': Type.Optional(Type.String({ description: 'The same request with the same key is done once' })),
  'If-Match': Type.Optional(
    Type.String({ description: 'The ETag that was read; 412 when the thing has changed since' }),
  ),
})

const ALWAYS = [400, 401, 403, 429, 503]
const OF_CHANGES = [409, 412, 413, 415, 422]
const FAULT_STATUSES: Readonly<Record<number, string>> = {
  400: 'The request can not be read',
  401: 'No key, or none that is known here',
  403: 'The role does not go that far, or the server is only observed',
  404: 'No such thing, or none that the caller may see',
  409: 'Taken, in use, or being changed by somebody else',
  412: 'It has changed since it was read',
  413: 'Larger than this server takes',
  415: 'Send application/json',
  422: 'It can be read, and is not acceptable',
  429: 'Too many requests',
  503: 'The server did not answer in time; the operation that is named will tell',
}

function faultWith(description: string) {
  return { description, content: { 'application/problem+json': { schema: ref(Problem) } } }
}
