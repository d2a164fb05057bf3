import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'

/** For the answer to arrive before the socket goes: what its client still sends would cut it short. */
const LINGER_MS = 1000

/**
 * Answers what is no HTTP, and so reaches no route. Its connection is said to be over, since nothing on it can be read any more:
 * a client that keeps connections would send its next request there, and get a hang-up.
 */
export function answerUnreadable(log: Logger) {
  return ({ code = '' }: { readonly code?: string }, socket: Socket): void => {
    // Of the error the code alone: it carries what was sent.
    log.debug({ code }, 'unreadable request')
    if (code === 'ECONNRESET' || !socket.writable) return
    socket.end(answerTo(code))
    setTimeout(() => socket.destroy(), LINGER_MS).unref()
  }
}

function answerTo(code: string): string {
  const [status, message] = REASONS[code] ?? [400, 'The request can not be read as HTTP.']
  // Nobody knows for which API it was meant: these are the words that clients of all of them look for.
  const body = JSON.stringify({ code: status, id: 'bad_request', message })
  const headers = ['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, 'connection: close']
  return [`HTTP/1.1 ${status} ${STATUS_CODES[status]}`, ...headers, '', body].join('\r\n')
}

const REASONS: Readonly<Record<string, readonly [status: number, message: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The header fields of the request are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come in whole in time.'],
}
