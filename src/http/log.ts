import { type Logger, pino } from 'pino'

/** JSON lines on standard error: standard output belongs to what a command answers. */
export function createLog(level: string, destination = pino.destination(2)): Logger {
  return pino(
    { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime, serializers: { err: showError } },
    destination,
  )
}

/** Drivers hang statements and values on their errors: only these parts of one are ever written down. */
function showError(error: unknown): unknown {
  if (!(error instanceof Error)) return { message: String(error) }
  const { name, message, stack, cause } = error
  const code = (error as { code?: unknown }).code
  return { name, code, message, stack, cause: cause === undefined ? undefined : showError(cause) }
}
