import { Fault } from '../domain/fault.ts'

/** What `work` comes to, unless `signal` aborts first: then the caller is told so at once, and the work goes on without it. */
export function orLate<T>(work: Promise<T>, signal: AbortSignal, late: () => Fault): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(late())
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
    if (signal.aborted) leave()
  })
}

/** A deadline that passed: nobody knows yet what comes of the change, but the ledger will. */
export function tooLate(operationId?: string, cause?: unknown): Fault {
  if (operationId === undefined)
    return new Fault('timeout', 'server', 'The server did not answer in time', { cause, retryAfterSeconds: 2 })
  const words = 'The server did not answer in time; the change will be finished or undone as soon as it does'
  return new Fault('unavailable', 'server', words, { cause, retryAfterSeconds: 5, operationId })
}
