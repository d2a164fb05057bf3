import { Fault } from '../../domain/fault.ts'

/**
 * What `work` comes to, or a fault as soon as `signal` aborts. The work heeds the signal too, but a server that went silent in the middle
 * of a statement is given a moment to end it, and no caller waits for that.
 */
export async function unlessLate<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const pass = () => reject(new Fault('timeout', 'server', 'The server did not answer in time', { reason: 'timeout' }))
  signal.addEventListener('abort', pass, { once: true })
  // Whoever stopped waiting must not be told of a failure that comes later.
  work.catch(() => {})
  if (signal.aborted) pass()
  try {
    return await Promise.race([work, late])
  } finally {
    signal.removeEventListener('abort', pass)
  }
}
