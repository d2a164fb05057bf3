import { STATUS_CODES } from 'node:http'
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'

type Transform = NonNullable<FastifyDynamicSwaggerOptions['transform']>

/** How a dialect's OpenAPI 3.1 document is made from its routes' own schemas; `decorator` is the scope's function that makes it. */
export function dialectDocument(
  decorator: string,
  document: NonNullable<FastifyDynamicSwaggerOptions['openapi']>,
  transform?: Transform,
): FastifyDynamicSwaggerOptions & { readonly decorator: string } {
  return {
    decorator,
    transform,
    transformObject: made => ('openapiObject' in made ? nameSuccesses(made.openapiObject) : made.swaggerObject),
    openapi: { openapi: '3.1.0', ...document, servers: [{ url: '/', description: 'Where this document came from' }] },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, at) => (typeof json.$id === 'string' ? json.$id : `def-${at}`),
    },
  } as FastifyDynamicSwaggerOptions & { decorator: string }
}

type Document = Parameters<NonNullable<FastifyDynamicSwaggerOptions['transformObject']>>[0] & { openapiObject: object }
type Answers = Record<string, Record<string, { responses?: Record<string, { description?: string }> }>>

/** Answers whose schema is a reference have nowhere to say what they are: HTTP's own words for them. */
function nameSuccesses<T extends Document['openapiObject']>(document: T): T {
  const operations = Object.values((document as { paths?: Answers }).paths ?? {}).flatMap(path => Object.values(path))
  for (const [status, answer] of operations.flatMap(({ responses = {} }) => Object.entries(responses))) {
    if (answer.description === 'Default Response') answer.description = STATUS_CODES[status]
  }
  return document
}
