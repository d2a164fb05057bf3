import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { type TSchema, Type } from 'typebox'
import { Fault } from '../../domain/fault.ts'
import type { KeyPage, Page } from '../../domain/page.ts'

/** `limit` and `after` cut by key; `q` filters by name, case-insensitive and literal. */
export const ListQuery = Type.Object({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'At most this many items' }),
  ),
  after: Type.Optional(Type.String({ maxLength: 1024, description: 'Opaque; taken from `next`' })),
  q: Type.Optional(
    Type.String({ maxLength: 255, pattern: '^[^\\u0000]*$', description: 'A literal part of the name, in any case' }),
  ),
})

interface ListQueryValues {
  readonly limit?: number
  readonly after?: string
  readonly q?: string
}

export const listOf = <T extends TSchema>(item: T) =>
  Type.Object({
    items: Type.Array(item),
    next: Type.Optional(Type.String({ description: 'Where the next page is; left out on the last' })),
  })

/** Items of a streamed page: big enough that round trips don't show, small enough that memory doesn't. */
const STREAM_PAGE = 500

/** Answers a list: a page of JSON, or every item as NDJSON when asked for. */
export async function sendList<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  fetch: (page: KeyPage) => Promise<Page<T>>,
  toWire: (item: T) => unknown,
): Promise<FastifyReply> {
  const query = request.query as ListQueryValues
  if (wantsStream(request)) return sendStream(reply, query, fetch, toWire)
  const page = await fetch({ limit: query.limit ?? 100, after: decode(query.after), q: query.q || undefined })
  const next = page.next === undefined ? undefined : nextLink(request.url, page.next)
  if (next) reply.header('link', `<${next}>; rel="next"`)
  return reply.send({ items: page.items.map(toWire), next })
}

function wantsStream(request: FastifyRequest): boolean {
  return /application\/x-ndjson/i.test(request.headers.accept ?? '')
}

/** The first page is read before the answer begins, so that a fault still gets its status. */
async function sendStream<T>(
  reply: FastifyReply,
  query: ListQueryValues,
  fetch: (page: KeyPage) => Promise<Page<T>>,
  toWire: (item: T) => unknown,
): Promise<FastifyReply> {
  const limit = STREAM_PAGE
  const first = await fetch({ limit, after: decode(query.after), q: query.q || undefined })
  async function* lines(): AsyncGenerator<string> {
    let count = 0
    for (let page = first; ; page = await fetch({ limit, after: page.next, q: query.q || undefined })) {
      count += page.items.length
      if (page.items.length > 0) yield page.items.map(item => `${JSON.stringify(toWire(item))}\n`).join('')
      if (page.next === undefined) break
    }
    yield `${JSON.stringify({ end: true, count, unreachable: [] })}\n`
  }
  return reply.type('application/x-ndjson').send(Readable.from(lines()))
}

function nextLink(url: string, next: string): string {
  const [path = '', query = ''] = url.split('?')
  const parameters = new URLSearchParams(query)
  parameters.delete('after')
  parameters.append('after', Buffer.from(next).toString('base64url'))
  return `${path}?${parameters}`
}

function decode(after: string | undefined): string | undefined {
  if (after === undefined) return undefined
  const key = Buffer.from(after, 'base64url').toString()
  if (Buffer.from(key).toString('base64url') === after) return key
  throw new Fault('malformed', 'request', 'after is not one of ours; take it from next', {
    violations: [{ pointer: '?after', detail: 'is not one of ours' }],
  })
}
