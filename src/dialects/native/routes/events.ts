import { Readable } from 'node:stream'
import { Type } from 'typebox'
import type { Event } from '../../../services/operations/events.ts'
import type { NativeHttp, RouteParts } from '../context.ts'
import { toTime } from '../wire/common.ts'

const ProjectParams = Type.Object({ project: Type.String() })

/** What happens in a project, as server-sent events; `Last-Event-ID` resumes. */
export function eventRoutes(http: NativeHttp, { services }: RouteParts): void {
  http.get(
    '/projects/:project/events',
    {
      schema: {
        operationId: 'followEvents',
        tags: ['Operations'],
        summary: 'Changes as they happen (server-sent events)',
        params: ProjectParams,
        produces: ['text/event-stream'],
        response: { 200: { content: { 'text/event-stream': { schema: Type.String() } } } },
      },
    },
    async (request, reply) => {
      const after = request.headers['last-event-id']
      const closed = new AbortController()
      reply.raw.on('close', () => closed.abort())
      const events = services.events.follow(
        request.caller,
        request.params.project,
        typeof after === 'string' ? after : undefined,
        closed.signal,
      )
      const iterator = events[Symbol.asyncIterator]()
      return reply
        .type('text/event-stream')
        .header('x-accel-buffering', 'no')
        .send(Readable.from(lines(iterator)))
    },
  )
}

async function* lines(events: AsyncIterator<Event | undefined>): AsyncGenerator<string> {
  yield ': here\n\n'
  for (let next = await events.next(); !next.done; next = await events.next()) {
    yield next.value ? toLines(next.value) : ': still here\n\n'
  }
}

function toLines(event: Event): string {
  const { id, at, action, subject, outcome, reason, operatorId, dialect, operationId } = event
  const data = {
    at: toTime(at),
    action,
    subject,
    outcome,
    reason,
    operator: operatorId,
    dialect,
    operation: operationId,
  }
  return `id: ${id}\nevent: ${action}\ndata: ${JSON.stringify(data)}\n\n`
}
