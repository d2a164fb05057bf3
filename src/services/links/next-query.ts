import { Fault } from '../../domain/fault.ts'

/** Requests for the same rows that come while a query for them runs share the next one: never the running one, which may be older than they are. */
export interface NextQueries {
  /** Asks, or joins the query that is about to be asked. `signal` frees this caller alone: the others still get their rows. */
  ask<T>(rows: string, signal: AbortSignal, query: () => Promise<T>): Promise<T>
}

interface Line {
  readonly running: Promise<unknown>
  next?: Promise<unknown>
}

export function createNextQueries(): NextQueries {
  const lines = new Map<string, Line>()

  function start(rows: string, query: () => Promise<unknown>): Promise<unknown> {
    const running = query()
    const line: Line = { running }
    lines.set(rows, line)
    const ended = () => {
      if (lines.get(rows) === line && !line.next) lines.delete(rows)
    }
    running.then(ended, ended)
    return running
  }

  /** It begins when the running one has ended, however that ended. */
  function join(rows: string, line: Line, query: () => Promise<unknown>): Promise<unknown> {
    const begin = () => start(rows, query)
    line.next ??= line.running.then(begin, begin)
    return line.next
  }

  function ask<T>(rows: string, signal: AbortSignal, query: () => Promise<T>): Promise<T> {
    const line = lines.get(rows)
    const asked = line ? join(rows, line, query) : start(rows, query)
    return unlessAborted(asked as Promise<T>, signal)
  }

  return { ask }
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () =>
      reject(new Fault('timeout', 'server', 'The server did not answer in time', { retryAfterSeconds: 2 }))
    if (signal.aborted) return leave()
    signal.addEventListener('abort', leave, { once: true })
    const done = () => signal.removeEventListener('abort', leave)
    work.then(resolve, reject).finally(done)
  })
}
