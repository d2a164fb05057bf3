import { isIP, Socket } from 'node:net'
import type { Client, QueryResult } from 'pg'
import { sendCancel } from './cancel.ts'
import { NotPostgres } from './connect-faults.ts'
import type { DialConfig, PgSession, Row } from './session.ts'

/** What the driver knows but doesn't type: which backend serves this client, the key that cancels what it runs, and what leads there. */
type Backend = {
  readonly processID: number
  readonly secretKey: number
  readonly connection: { readonly stream: Socket }
}

/** Dials with the `pg` driver, which is loaded when the first PostgreSQL server is met. */
export async function dialWithPg(config: DialConfig, signal: AbortSignal): Promise<PgSession> {
  signal.throwIfAborted()
  // A name would be resolved once more, to whatever it leads to by now.
  if (!isIP(config.host)) throw new Error('Only addresses that were checked are dialled')
  const { Client } = await import('pg')
  const socket = new Socket()
  hangUpOnStrangers(socket, config.tls !== undefined)
  const client = new Client({ ...driverConfig(config), stream: () => socket })
  const session = sessionOf(client, socket, config)
  const cut = () => socket.destroy(new Error('aborted'))
  signal.addEventListener('abort', cut, { once: true })
  try {
    await client.connect()
    return session
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    signal.removeEventListener('abort', cut)
  }
}

// The first byte of an answer is one of few. A web server's would be taken for the beginning of a very long message, and waited for.
function hangUpOnStrangers(socket: Socket, tls: boolean): void {
  const known = tls ? 'SNE' : 'RENv'
  socket.once('data', (first: Buffer) => {
    if (!known.includes(String.fromCharCode(first[0]!))) socket.destroy(new NotPostgres('unknown protocol'))
  })
}

// Everything is said outright: what is left out, pg takes from PG* variables and .pgpass.
function driverConfig(config: DialConfig) {
  return {
    host: config.host,
    port: config.port,
    database: config.database,
    user: config.user,
    password: () => config.password,
    ssl: config.tls ? { ...config.tls } : false,
    sslnegotiation: 'postgres' as const,
    application_name: config.applicationName,
    // Questions that don't need each other's answers are on their way together.
    pipeline: true,
    connectionTimeoutMillis: config.connectTimeoutMs,
    // A peer that vanished without a word is noticed between statements too.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  }
}

function sessionOf(client: Client, socket: Socket, config: DialConfig): PgSession {
  let broken = false
  socket.once('close', () => {
    broken = true
  })
  // The query that was running rejects by itself; an idle link is found broken when it is next wanted.
  client.on('error', () => {
    broken = true
  })
  const backend = client as unknown as Backend
  return {
    query: async (text, values) => {
      sendTogether(backend.connection.stream)
      return { rows: allRows(await ask(client, text, values)) }
    },
    cancel: () => sendCancel(config, backend.processID, backend.secretKey),
    end: () => client.end(),
    destroy: () => {
      broken = true
      socket.destroy()
    },
    get broken() {
      return broken
    },
  }
}

/** What is asked at once goes out at once: a server that is woken by the first question finds the others there. */
function sendTogether(stream: Socket): void {
  if (stream.writableCorked > 0) return
  stream.cork()
  process.nextTick(() => stream.uncork())
}

/** What takes values is asked again and again: by a name of its own, the server reads and plans it once a session. */
function ask(client: Client, text: string, values?: readonly unknown[]): Promise<QueryResult | QueryResult[]> {
  return values ? client.query({ name: nameOf(text), text, values: [...values] }) : client.query(text)
}

const names = new Map<string, string>()

function nameOf(text: string): string {
  const name = names.get(text) ?? `rolecall_${names.size}`
  names.set(text, name)
  return name
}

function allRows(answer: QueryResult | QueryResult[]): readonly Row[] {
  return Array.isArray(answer) ? answer.flatMap(one => one.rows) : answer.rows
}
