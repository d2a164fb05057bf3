import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import { type FastifyInstance, fastify, type RouteOptions } from 'fastify'
import type { TSchema } from 'typebox'

type AnyOpenApi = NonNullable<FastifyDynamicSwaggerOptions['openapi']>
type OpenApi = AnyOpenApi & Required<Pick<AnyOpenApi, 'info'>>

/** What a dialect's OpenAPI 3.1 document says beyond what its routes say themselves. */
export interface DialectDocument {
  /** It is served at `/openapi/NAME.json`. */
  readonly name: string
  readonly openapi: OpenApi
  /** Named schemas, which `ref` refers to. */
  readonly schemas: readonly TSchema[]
  /** What the document shows of a route, where that is more than the route's own schema. */
  readonly transform?: FastifyDynamicSwaggerOptions['transform']
}

/** A dialect's way in, where that is `Authorization: Bearer`. */
export const KEY_AS_BEARER = { type: 'http', scheme: 'bearer', description: "A key's private half" } as const

const LICENCE = { name: 'Apache 2.0', identifier: 'Apache-2.0' }
const SERVERS = [{ url: '/', description: 'Where this document came from' }]

type DocumentedRoute = Pick<RouteOptions, 'method' | 'url' | 'schema' | 'config'>

/** Serves the document of a scope, made when somebody first asks: a start pays for none. Call before the scope's first route. */
export function serveDocument(scope: FastifyInstance, document: DialectDocument): void {
  const routes: DocumentedRoute[] = []
  let text: Promise<string> | undefined
  scope.get(`/openapi/${document.name}.json`, async (_request, reply) => {
    text ??= textOf(document, routes)
    return reply.type('application/json; charset=utf-8').send(await text)
  })
  scope.addHook('onRoute', route => {
    const { method, url, schema, config } = route
    if (method !== 'HEAD') routes.push({ method, url, schema, config })
    // Answers are written as they are; Fastify would keep a writer for each status of each route, 4 KB a route.
    if (schema) route.schema = { ...schema, response: undefined }
  })
}

/** The plugin that makes documents reads them off a server, so it gets one that has the same routes and never listens. */
async function textOf({ openapi, schemas, transform }: DialectDocument, routes: readonly DocumentedRoute[]) {
  const { default: swagger } = await import('@fastify/swagger')
  const paper = fastify({ exposeHeadRoutes: false })
  paper.setValidatorCompiler(() => () => true)
  paper.setSerializerCompiler(() => () => '')
  await paper.register(swagger, swaggerOptions(openapi, transform))
  for (const schema of schemas) paper.addSchema(schema)
  for (const route of routes) paper.route({ ...route, handler: async () => undefined })
  await paper.ready()
  const made = await nameSuccesses(paper.swagger())
  await paper.close()
  return JSON.stringify(made)
}

function swaggerOptions(openapi: OpenApi, transform: DialectDocument['transform']): FastifyDynamicSwaggerOptions {
  return {
    transform,
    openapi: { openapi: '3.1.0', ...openapi, info: { ...openapi.info, license: LICENCE }, servers: SERVERS },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, at) => (typeof json.$id === 'string' ? json.$id : `def-${at}`),
    },
  }
}

type Answers = Record<string, Record<string, { responses?: Record<string, { description?: string }> }>>

/** Answers whose schema is a reference have nowhere to say what they are: HTTP's own words for them. */
async function nameSuccesses<T extends { paths?: object }>(document: T): Promise<T> {
  // Imported by name at start, this module would load Node's whole fetch as well.
  const { STATUS_CODES } = await import('node:http')
  const operations = Object.values((document.paths ?? {}) as Answers).flatMap(path => Object.values(path))
  for (const [status, answer] of operations.flatMap(({ responses = {} }) => Object.entries(responses))) {
    if (answer.description === 'Default Response') answer.description = STATUS_CODES[status]
  }
  return document
}
