import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** True if nothing listens there on loopback. */
export function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer().unref()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** A port to keep: below those that Linux gives to outgoing connections, where it would be taken some day. */
export async function choosePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000)
    if (await isFree(port)) return port
  }
}
