import type { TSchema } from 'typebox'
import { type DialectDocument, KEY_AS_BEARER } from '../document.ts'
import { withManners } from './manners.ts'

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

/** What `/openapi/native.json` says beyond the routes' own schemas. */
export function nativeDocument(version: string, schemas: readonly TSchema[]): DialectDocument {
  const openapi = {
    info: {
      title: 'Rolecall',
      version,
      description:
        'Every login on every database, one roll: list, create, change, rotate and remove users, grants and databases on real engines.',
    },
    security: [{ bearer: [] }],
    components: { securitySchemes: { bearer: KEY_AS_BEARER } },
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  }
  return {
    name: 'native',
    openapi,
    schemas,
    transform: ({ schema, url, route }) => ({
      schema: schema && withManners(schema, route),
      url: url.replace(/(.)\/$/, '$1'),
    }),
  }
}
