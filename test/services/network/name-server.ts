import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import type { Lookup } from '../../../src/services/network/lookup.ts'

/** A real name server on loopback, that answers for every name what it is told to: IPv4 addresses, asked for anew each time. */
export interface NameServer extends AsyncDisposable {
  readonly lookup: Lookup
  readonly asked: number
  answer(addresses: () => readonly string[]): void
}

export async function aNameServer(): Promise<NameServer> {
  const socket = createSocket('udp4')
  let addresses: () => readonly string[] = () => []
  let asked = 0
  socket.on('message', (query, { port, address }) => {
    asked += 1
    socket.send(answerTo(query, addresses()), port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const resolver = new Resolver({ timeout: 2_000, tries: 1 })
  resolver.setServers([`127.0.0.1:${socket.address().port}`])
  return {
    lookup: name => resolver.resolve4(name),
    get asked() {
      return asked
    },
    answer: next => {
      addresses = next
    },
    [Symbol.asyncDispose]: async () => void socket.close(),
  }
}

const HEADER = 12

/** RFC 1035: the query's id and question again, and an A record of no duration for each address. */
function answerTo(query: Buffer, addresses: readonly string[]): Buffer {
  const question = query.subarray(HEADER, query.indexOf(0, HEADER) + 5)
  const header = Buffer.from(query.subarray(0, HEADER))
  header.writeUInt16BE(0x8180, 2)
  header.writeUInt16BE(addresses.length, 6)
  header.writeUInt32BE(0, 8)
  const records = addresses.map(address =>
    Buffer.from([0xc0, HEADER, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, ...address.split('.').map(Number)]),
  )
  return Buffer.concat([header, question, ...records])
}
