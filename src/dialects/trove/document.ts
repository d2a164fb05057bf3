import type { FastifySchema } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { DialectDocument } from '../document.ts'
import { ref } from '../request.ts'
import { FaultBody, IdentityFault } from './wire/faults.ts'

/** What `/openapi/trove.json` says beyond the routes' own schemas. */
export const troveOpenApi: DialectDocument['openapi'] = {
  info: {
    title: 'OpenStack Trove and Rackspace Cloud Databases',
    version: '1.0',
    description: 'Databases and users of real servers in the words of the database API v1.0, in JSON and in XML.',
  },
  security: [{ token: [] }],
  components: {
    securitySchemes: {
      token: {
        type: 'apiKey',
        in: 'header',
        name: 'X-Auth-Token',
        description: 'A token of the identity endpoints, or the private half of a key',
      },
    },
  },
  tags: [
    { name: 'Users', description: 'Who may log in to a database' },
    { name: 'Databases', description: 'Databases of a server' },
    { name: 'Root', description: 'The login that may do everything' },
    { name: 'Instances', description: 'Database servers' },
    { name: 'Catalogue', description: 'What there is to choose from, and limits' },
    { name: 'Versions', description: 'Which API this is' },
    { name: 'Identity', description: 'Tokens for clients that ask for one first' },
  ],
}

const FAULTS: Readonly<Record<number, string>> = {
  400: '`badRequest`: it can not be read, or breaks a rule',
  401: '`unauthorized`: no token, or none that is good',
  403: '`forbidden`: another account, or too weak a role',
  404: '`itemNotFound`: there is no such thing',
  405: '`badMethod`: not a method of this path',
  406: '`notAcceptable`: another version',
  409: '`conflict`: in use, or being changed by somebody else',
  413: '`overLimit`: too much, or too many',
  415: '`badMediaType`: send JSON or XML',
  422: '`unprocessableEntity`: the server is not ready, or can not do that',
  500: '`instanceFault`: unexpected',
  501: '`notImplemented`: not offered here',
  503: '`serviceUnavailable`: ask again later',
}

/** The same thing in both formats; XML's form follows from the JSON by rule, so its schema is the text alone. */
export function both(schema: TSchema, description: string) {
  const xml = Type.String({ description: 'The same as XML' })
  return { description, content: { 'application/json': { schema }, 'application/xml': { schema: xml } } }
}

/** Every call answers the same set of faults; said once, for the document alone. */
export const withFaults: NonNullable<DialectDocument['transform']> = ({ schema, url }) => {
  if (!schema || schema.hide) return { schema, url }
  const own = (schema as FastifySchema).response as Record<number, unknown>
  if (schema.tags?.includes('Identity')) return { schema: { ...schema, response: { ...IDENTITY_FAULTS, ...own } }, url }
  const faults = Object.entries(FAULTS).map(([status, words]) => [status, both(ref(FaultBody), words)])
  const open = (schema as { security?: unknown }).security ? OPEN : undefined
  const shown = open ? faults.filter(([status]) => open.includes(String(status))) : faults
  return { schema: { ...schema, response: { ...Object.fromEntries(shown), ...own } }, url }
}

const IDENTITY_FAULTS = Object.fromEntries(
  [400, 401, 403, 404, 405, 409, 413, 415, 429, 500, 503].map(status => [
    status,
    { description: 'Refused', content: { 'application/json': { schema: ref(IdentityFault) } } },
  ]),
)

/** What can go wrong with what everybody may ask. */
const OPEN: readonly string[] = ['401', '405', '406', '500']
