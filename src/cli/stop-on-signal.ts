/** DESIGN §8: gone within 10 s of SIGTERM, whatever hangs. */
const GONE_WITHIN_MS = 9500

/**
 * Starts something that runs until a signal comes. What `start` puts on the stack is stopped in reverse order, at whatever
 * moment of the start the signal comes, and when the start fails. A signal that comes again changes nothing: Ctrl-C often
 * arrives twice, from the terminal and from a launcher.
 */
export async function untilStopped(start: (running: AsyncDisposableStack) => Promise<void>): Promise<void> {
  const running = new AsyncDisposableStack()
  let isStopping = false
  async function stop(): Promise<void> {
    if (isStopping) return
    isStopping = true
    setTimeout(() => process.exit(0), GONE_WITHIN_MS).unref()
    await running.disposeAsync().catch(error => process.stderr.write(`rolecall: while stopping: ${error}\n`))
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop)
  try {
    await start(running)
  } catch (error) {
    // A start that is stopped half-way trips over what is gone already; `stop` ends the process.
    if (isStopping) return new Promise(() => undefined)
    await running.disposeAsync()
    throw error
  }
}
