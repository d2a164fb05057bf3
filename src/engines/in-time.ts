import { Fault } from '../domain/fault.ts'

/** What `work` comes to, or undefined where that takes longer than `ms` or `signal` allow. */
export async function inTime<T>(work: Promise<T>, ms: number, signal?: AbortSignal): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const pass = () => resolve(undefined)
  const timer = setTimeout(pass, ms)
  signal?.addEventListener('abort', pass, { once: true })
  // Whoever stopped waiting must not be told of a failure that comes later.
  work.catch(() => {})
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', pass)
  }
}

/** The deadline of what a server was asked, or of its caller, passed. */
export function deadlinePassed(): Fault {
  return new Fault('timeout', 'server', 'The server did not finish in time, and was told to stop')
}
