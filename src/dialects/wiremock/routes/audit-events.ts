import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { RouteParts } from '../../request.ts'
import type { WiremockHttp } from '../context.ts'
import { Refused } from '../problems.ts'
import { checkLimit } from '../queries.ts'
import { organisationWith } from '../subject.ts'
import { fromAuditLine, isEvent, thingsIn } from '../wire/audit-events.ts'
import { refusals } from '../wire/errors.ts'

const params = Type.Object({ organisationId: Type.String() })
const query = Type.Object({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, description: 'Lines of the audit that are looked at; at most 1000' }),
  ),
  after: Type.Optional(Type.String({ description: 'From the link to the next ones' })),
})
const lines = {
  description: 'One event a line; a header Link leads to those after it, if there can be any',
  headers: { Link: { type: 'string' } },
  content: { 'application/x-ndjson': { schema: Type.String() } },
}

/** The vendor writes its events into a bucket, as lines of JSON; here the same lines are fetched. */
export function auditEventRoutes(http: WiremockHttp, { services: { auditLog } }: RouteParts): void {
  http.get(
    '/organisations/:organisationId/audit-events',
    {
      schema: {
        operationId: 'getOrganisationAuditEvents',
        tags: ['Organisations'],
        summary: 'What has happened in it, oldest first',
        params,
        querystring: query,
        response: { 200: lines, ...refusals(400, 403, 404) },
      },
      onRequest: [organisationWith('administer'), checkLimit, checkAfter],
    },
    async (request, reply) => {
      const { caller, params, pageWanted } = request
      const { organisationId: id } = params
      const found = await auditLog.list(caller, id, afterIn(request), pageWanted.limit)
      const events = found.lines.filter(isEvent)
      const names = await auditLog.namesOf(id, events.flatMap(thingsIn))
      const path = `/v1/organisations/${id}/audit-events?limit=${pageWanted.limit}&after=${found.next}`
      if (found.next !== undefined) reply.header('link', `<${path}>; rel="next"`)
      const text = events.map(event => `${JSON.stringify(fromAuditLine(event, names))}\n`).join('')
      return reply.type('application/x-ndjson').send(text)
    },
  )
}

const afterIn = ({ query }: FastifyRequest) => (query as { after?: string }).after ?? ''

/** A hook: a place in the audit is one of ours. */
async function checkAfter(request: FastifyRequest): Promise<void> {
  const { after = '' } = request.query as { after?: string | string[] }
  if (typeof after === 'string' && /^[0-9A-Z]{0,40}$/.test(after)) return
  const detail = 'The after parameter value must be from a link to the next events'
  throw new Refused(400, [{ title: 'Invalid query parameter format', detail }])
}
