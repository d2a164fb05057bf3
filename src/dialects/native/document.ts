import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

/** How `/openapi/native.json` is made from the routes' own schemas. */
export function nativeDocument(version: string): FastifyDynamicSwaggerOptions & { decorator: string } {
  return {
    decorator: 'nativeSwagger',
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Rolecall',
        version,
        description:
          'Every login on every database, one roll: list, create, change, rotate and remove users, grants and databases on real engines.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: '/' }],
      security: [{ bearer: [] }],
      components: {
        securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: "A key's private half" } },
      },
      tags: ['About', 'Projects', 'Keys', 'Connections', 'Instances', 'Users', 'Databases', 'Operations'].map(name => ({
        name,
      })),
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, at) => (typeof json.$id === 'string' ? json.$id : `def-${at}`),
    },
  } as FastifyDynamicSwaggerOptions & { decorator: string }
}
