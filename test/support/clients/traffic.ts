import type { OutgoingHttpHeaders as Headers, IncomingMessage, RequestListener, Server } from 'node:http'

/** One request as it came over the socket, and how it was answered. */
export interface Exchange {
  readonly method: string
  /** As sent: nothing tidied up, nothing decoded. */
  readonly url: string
  readonly contentType: string | undefined
  readonly userAgent: string | undefined
  /** Undefined where the caller was gone before its answer. */
  status?: number
  retryAfter?: string
}

/** Everything that a server is asked from now on, in its order. */
export function trafficOf(server: Server): Exchange[] {
  const seen: Exchange[] = []
  const listener: RequestListener = (request, reply) => {
    const one = exchangeOf(request)
    seen.push(one)
    const writeHead = reply.writeHead.bind(reply) as (status: number, headers?: Headers) => typeof reply
    // The one place where status and headers are seen together: they are not kept.
    reply.writeHead = ((status: number, headers: Headers = {}) => {
      one.retryAfter = headers['retry-after'] as string | undefined
      reply.on('finish', () => (one.status = status))
      return writeHead(status, headers)
    }) as typeof reply.writeHead
  }
  // First in line: the server tidies addresses up for itself.
  server.prependListener('request', listener)
  return seen
}

function exchangeOf({ method = '', url = '', headers }: IncomingMessage): Exchange {
  return { method, url, contentType: headers['content-type'], userAgent: headers['user-agent'] }
}

/** Hangs up on the next such requests, each once it has come in whole: their answers find nobody. */
export function hangUpOn(server: Server, method: string, path: RegExp, times = 1): void {
  let left = times
  const listener: RequestListener = request => {
    if (request.method !== method || !path.test(request.url ?? '')) return
    left -= 1
    if (left === 0) server.off('request', listener)
    request.once('end', () => request.socket.destroy())
  }
  server.prependListener('request', listener)
}
