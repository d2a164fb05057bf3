import { once } from 'node:events'
import { createServer, type Server, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * How a link through the proxy behaves: `pass` it on; `hang` before the server gets it; `swallow` the server's answers, so that it hangs
 * after; `cut` in the middle of the next answer; `slow`, every piece of an answer late.
 */
export type Manner = 'pass' | 'hang' | 'swallow' | 'cut' | 'slow'

/** Stands between Rolecall and a server, on loopback, and misbehaves on demand. */
export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** From now on, on links that are open too. */
  behave(manner: Manner): void
  /** From the next statement on that has `text` in it. */
  behaveAt(text: string, manner: Manner): void
  /** Nobody listens any more; open links break. */
  refuse(): Promise<void>
  /** As it should be, to `target` if one is given; links that were open break. */
  comeBack(target?: Target): Promise<void>
}

export interface Target {
  readonly host: string
  readonly port: number
}

/** Each piece of an answer, when `slow`. */
const LATE_MS = 150

export async function aProxy(first: Target): Promise<TcpProxy> {
  let target = first
  let manner: Manner = 'pass'
  let trigger: { readonly text: string; readonly manner: Manner } | undefined
  const sockets = new Set<Socket>()
  let server = await listen(0, take)
  const { port } = server.address() as { port: number }

  function take(client: Socket): void {
    const upstream = new Socket().connect(target.port, target.host)
    for (const socket of [client, upstream]) follow(socket)
    client.on('data', piece => {
      notice(piece)
      if (manner !== 'hang') upstream.write(piece)
    })
    upstream.on('data', piece => void answer(client, upstream, piece))
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => manner === 'pass' && client.destroy())
  }

  function follow(socket: Socket): void {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  }

  function notice(piece: Buffer): void {
    if (!trigger || !piece.includes(trigger.text)) return
    manner = trigger.manner
    trigger = undefined
  }

  async function answer(client: Socket, upstream: Socket, piece: Buffer): Promise<void> {
    if (manner === 'swallow' || manner === 'hang') return
    if (manner === 'cut') {
      client.write(piece.subarray(0, Math.ceil(piece.length / 2)), () => client.destroy())
      upstream.destroy()
      return
    }
    if (manner === 'slow') {
      // One after another, or pieces could overtake each other.
      upstream.pause()
      await sleep(LATE_MS)
      upstream.resume()
    }
    client.write(piece)
  }

  async function refuse(): Promise<void> {
    const closed = once(server, 'close')
    server.close()
    breakAll()
    await closed
  }

  function breakAll(): void {
    for (const socket of sockets) socket.destroy()
  }

  async function comeBack(to: Target = target): Promise<void> {
    target = to
    manner = 'pass'
    trigger = undefined
    breakAll()
    if (!server.listening) server = await listen(port, take)
  }

  return {
    port,
    behave: wanted => (manner = wanted),
    behaveAt: (text, wanted) => (trigger = { text, manner: wanted }),
    refuse,
    comeBack,
    [Symbol.asyncDispose]: () => (server.listening ? refuse() : Promise.resolve()),
  }
}

async function listen(port: number, take: (client: Socket) => void): Promise<Server> {
  const server = createServer(take).listen(port, '127.0.0.1')
  await once(server, 'listening')
  return server
}
