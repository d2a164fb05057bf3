import type { FastifySchema, RouteOptions } from 'fastify'
import { type TObject, type TSchema, Type } from 'typebox'
import { ref } from '../request.ts'
import { Problem } from './problems.ts'
import { ChangeQuery, Plan } from './wire/common.ts'

type Answers = Readonly<Record<number, TSchema | object>>

/** What every route of its kind has, said once, for the document alone: faults, streams, dry runs, replay key, version. */
export function withManners(schema: FastifySchema, { method, url }: RouteOptions): FastifySchema {
  const isChange = [method].flat().some(one => ['POST', 'PATCH', 'PUT', 'DELETE'].includes(one))
  const answers = schema.response as Answers
  if (isChange) return { ...asChange(schema, answers), response: { ...planned(answers), ...faultsAt(url, OF_CHANGES) } }
  return { ...schema, response: { ...streamed(answers, schema), ...faultsAt(url, []) } }
}

/** Queries that the routes' own schemas leave to a hook. */
function asChange(schema: FastifySchema, answers: Answers): FastifySchema {
  const { properties = {} } = (schema.querystring ?? {}) as Partial<TObject>
  return {
    ...schema,
    response: answers,
    headers: Headers,
    querystring: Type.Object({ ...ChangeQuery.properties, ...properties }),
  }
}

const Headers = Type.Object({
  'Idempotency-Key': Type.Optional(Type.String({ description: 'The same request with the same key is done once' })),
  'If-Match': Type.Optional(
    Type.String({ description: 'The ETag that was read; 412 when the thing has changed since' }),
  ),
})

/** A dry run answers 200 with a plan, whatever the change itself answers. */
function planned(answers: Answers): Answers {
  const own = answers[200] as TSchema | undefined
  const plan = ref(Plan)
  if (!own) return { ...answers, 200: plan }
  return { ...answers, 200: JSON.stringify(own).includes('"Plan#"') ? own : Type.Union([own, plan]) }
}

/** A list is also had as lines. */
function streamed(answers: Answers, { querystring }: FastifySchema): Answers {
  const isList = 'after' in ((querystring as Partial<TObject> | undefined)?.properties ?? {})
  if (!isList) return answers
  const lines = Type.String({ description: 'One item a line; the last says that it was the last' })
  const content = { 'application/json': { schema: answers[200] }, 'application/x-ndjson': { schema: lines } }
  return { ...answers, 200: { description: 'A page, or every item as a stream', content } }
}

const ALWAYS = [400, 401, 403, 429, 503]
const OF_THINGS = [404]
/** The server has its say: it has changed, or its engine can't do that. */
const OF_SERVERS = [409, 422]
const OF_CHANGES = [409, 412, 413, 415, 422]

const FAULTS: Readonly<Record<number, string>> = {
  400: 'The request can not be read',
  401: 'No key, or none that is known here',
  403: 'The role does not go that far, or the server is only observed',
  404: 'No such thing, or none that the caller may see',
  409: 'Taken, in use, being changed by somebody else, or another server than before',
  412: 'It has changed since it was read',
  413: 'Larger than this server takes',
  415: 'Send application/json',
  422: 'It can be read, and is not acceptable',
  429: 'Too many requests',
  503: 'The server did not answer in time; the operation that is named will tell',
}

function faultsAt(url: string, more: readonly number[]): Answers {
  const ofThings = url.includes(':') ? OF_THINGS : []
  const ofServers = url.includes('/instances/:') ? OF_SERVERS : []
  const statuses = [...ALWAYS, ...ofThings, ...ofServers, ...more]
  return Object.fromEntries(statuses.map(status => [status, faultWith(FAULTS[status]!)]))
}

function faultWith(description: string) {
  return { description, content: { 'application/problem+json': { schema: ref(Problem) } } }
}
