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

/** A hook: everything wrong with the query of a list, `limit` first. */
export async function checkPage(request: FastifyRequest): Promise<void> {
  const wanted = pageWantedBy(request.query as Record<string, string>)
  if (!('page' in wanted)) throw new Refused(400, wanted)
  request.pageWanted = wanted
}
