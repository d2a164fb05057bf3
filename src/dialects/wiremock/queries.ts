import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { pageWantedBy } from './pagination.ts'
import { Refused } from './problems.ts'

const View = Type.Optional(
  Type.Unsafe<string>({ type: 'string', enum: ['rolecall'], description: 'Show what the published API does not have' }),
)

/** For the document; a hook looks at queries, because that comes before the body is read. */
export const ViewQuery = Type.Object({ view: View })

export const ListQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, description: 'Items per page; more than 1000 are served as 1000' })),
  page: Type.Optional(Type.Integer({ minimum: 1, description: 'From 1' })),
  q: Type.Optional(Type.String({ description: 'A literal part of the name, in any case' })),
  view: View,
})

/** Of lists that are not cut into pages. */
export const QQuery = Type.Object({ q: ListQuery.properties.q })

export const DataViewQuery = Type.Object({
  'data-view': Type.Optional(
    Type.Unsafe<string>({ type: 'string', enum: ['none', 'preview'], description: 'Show columns and first rows' }),
  ),
})

/** A hook: `q` alone. */
export async function checkQ(request: FastifyRequest): Promise<void> {
  const { q } = request.query as Record<string, string>
  read(request, { q })
}

/** A hook: `limit` and `q`. */
export async function checkLimit(request: FastifyRequest): Promise<void> {
  const { limit, q } = request.query as Record<string, string>
  read(request, { limit, q })
}

/** A hook: one of two words. */
export async function checkDataView({ query }: FastifyRequest): Promise<void> {
  const view = (query as Record<string, unknown>)['data-view']
  if (view === undefined || view === 'none' || view === 'preview') return
  const detail = 'The data-view parameter value must be one of none, preview'
  throw new Refused(400, [{ title: 'Invalid query parameter format', detail }])
}

/** A hook: everything wrong with the query of a list, `limit` first. */
export async function checkPage(request: FastifyRequest): Promise<void> {
  read(request, request.query as Record<string, string>)
}

function read(request: FastifyRequest, query: Parameters<typeof pageWantedBy>[0]): void {
  const wanted = pageWantedBy(query)
  if (!('page' in wanted)) throw new Refused(400, wanted)
  request.pageWanted = wanted
}
