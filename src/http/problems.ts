import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Answers for paths that belong to no dialect. RFC 9457 bodies; never a stack. */
export function answerProblems(http: FastifyInstance): void {
  http.setNotFoundHandler((request, reply) => {
    const allow = http.methodsAt(request.raw.url?.split('?')[0] ?? '')
    if (allow.length === 0) return problem(reply, request, 404, 'Nothing is served at this path; GET / says what is')
    reply.header('allow', allow.join(', '))
    return problem(reply, request, 405, `This path takes ${allow.join(', ')}`)
  })
  http.setErrorHandler<FastifyError>((error, request, reply) => {
    const { statusCode: status = 500 } = error
    if (status < 500) return problem(reply, request, status, error.message)
    request.log.error({ err: error }, 'failed')
    return problem(reply, request, status, 'Something went wrong here; it has been logged under this request id')
  })
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Malformed request',
  404: 'Not found',
  405: 'Method not allowed',
  413: 'Too large',
  415: 'Unsupported media type',
  500: 'Internal error',
  503: 'Unavailable',
}

export function problem(reply: FastifyReply, request: FastifyRequest, status: number, detail: string): FastifyReply {
  const title = TITLES[status] ?? 'Request refused'
  return reply
    .code(status)
    .type('application/problem+json')
    .send({ type: 'about:blank', title, status, detail, instance: request.id })
}
