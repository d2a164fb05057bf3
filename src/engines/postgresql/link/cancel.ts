import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import type { DialConfig } from './session.ts'

const CANCEL_CODE = 80877102
const TLS_CODE = 80877103
const PATIENCE_MS = 2_000

/** Sends a CancelRequest (protocol 3.0, §55.2.8). The server takes it even when all its connection slots are in use, and answers nothing. */
export async function sendCancel(config: DialConfig, processId: number, secretKey: number): Promise<void> {
  const socket = connect(config.port, config.host)
  socket.setTimeout(PATIENCE_MS, () => socket.destroy())
  socket.on('error', () => {})
  try {
    await once(socket, 'connect')
    const stream = config.tls ? await protect(socket, config.tls) : socket
    stream.end(packet(CANCEL_CODE, processId, secretKey))
    // The server closes its side once it has passed the signal on.
    stream.resume()
    await once(socket, 'close')
  } finally {
    socket.destroy()
  }
}

// The key that cancels a session is worth protecting as the session is.
async function protect(socket: Socket, tls: NonNullable<DialConfig['tls']>): Promise<TLSSocket> {
  socket.write(packet(TLS_CODE))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (answer.toString('latin1') !== 'S') throw new Error('no TLS for the cancel request')
  const stream = tlsConnect({ ...tls, socket })
  stream.on('error', () => socket.destroy())
  await once(stream, 'secureConnect')
  return stream
}

function packet(...words: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 + words.length * 4)
  buffer.writeInt32BE(buffer.length, 0)
  for (const [at, word] of words.entries()) buffer.writeInt32BE(word | 0, 4 + at * 4)
  return buffer
}
