import { connect, isIP, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Connection, ConnectionOptions } from 'mysql2'
import { NotMysql } from './connect-faults.ts'
import type { Dial, DialConfig, MysqlSession, Row } from './session.ts'
import { identityError, tlsOptions } from './tls.ts'

/** What the driver does but doesn't type: it turns the link into a protected one, and then goes on. */
interface Inner {
  stream: Socket | TLSSocket
  startTLS(onSecure: (error?: Error) => void): void
}

/** Dials with the `mysql2` driver, which is loaded when the first server of the family is met. */
export const dialWithMysql2: Dial = async (config, signal) => {
  signal.throwIfAborted()
  // A name would be resolved once more, to whatever it leads to by now.
  if (!isIP(config.host)) throw new Error('Only addresses that were checked are dialled')
  const { createConnection } = (await import('mysql2')).default
  const socket = connect({ host: config.host, port: config.port, noDelay: true, keepAlive: true })
  socket.setKeepAlive(true, KEEP_ALIVE_MS)
  hangUpOnStrangers(socket)
  const connection = createConnection({ ...driverConfig(config), stream: socket })
  checkIdentity(connection as unknown as Inner, config)
  const session = sessionOf(connection, socket)
  try {
    await greeted(connection, socket, config, signal)
    return session
  } catch (error) {
    session.destroy()
    throw error
  }
}

/** A peer that vanished without a word is noticed between statements too. */
const KEEP_ALIVE_MS = 10_000

// Prepared statements cost the server memory; what takes values is a handful of questions.
const STATEMENTS_KEPT = 50

// Everything is said outright. The server can't ask for a file, nor for the password in clear text.
function driverConfig({ tls, serverName, port, database, user, password, programName }: DialConfig): ConnectionOptions {
  return {
    host: serverName,
    port,
    user,
    password,
    database: database === '' ? undefined : database,
    ssl: tlsOptions(tls),
    connectTimeout: 0,
    charset: 'UTF8MB4_BIN',
    flags: ['-LOCAL_FILES', '-FOUND_ROWS', '-ODBC', '-IGNORE_SPACE'],
    multipleStatements: false,
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    disableEval: true,
    maxPreparedStatements: STATEMENTS_KEPT,
    connectAttributes: { program_name: programName },
  }
}

// The driver compares a certificate with names only, never with an address. So it is compared here, before any password is sent.
function checkIdentity(connection: Inner, { tls, serverName }: DialConfig): void {
  if (tls.mode !== 'verify-full') return
  const startTls = connection.startTLS.bind(connection)
  connection.startTLS = onSecure =>
    startTls(error => onSecure(error ?? identityError(connection.stream as TLSSocket, serverName)))
}

// The server speaks first, and its first packet begins like no other protocol's: length, number 0, then version 10 or an error.
function hangUpOnStrangers(socket: Socket): void {
  socket.once('data', (first: Buffer) => {
    const known = first.length < 5 || (first[3] === 0 && (first[4] === 10 || first[4] === 0xff))
    if (!known) socket.destroy(new NotMysql('unknown protocol'))
  })
}

async function greeted(
  connection: Connection,
  socket: Socket,
  { connectTimeoutMs }: DialConfig,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const cut = (code: string) => () => reject(Object.assign(new Error(code), { code }))
  const timer = setTimeout(cut('ETIMEDOUT'), connectTimeoutMs)
  const giveUp = cut('ETIMEDOUT')
  signal.addEventListener('abort', giveUp, { once: true })
  connection.once('connect', () => resolve())
  connection.once('error', reject)
  socket.once('error', reject)
  try {
    await promise
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', giveUp)
  }
}

function sessionOf(connection: Connection, socket: Socket): MysqlSession {
  let broken = false
  socket.once('close', () => {
    broken = true
  })
  // The query that was running rejects by itself; an idle link is found broken when it is next wanted.
  connection.on('error', () => {
    broken = true
  })
  return {
    query: (text, values) => ask(connection, text, values),
    end: () => ended(connection, socket),
    destroy: () => {
      broken = true
      connection.destroy()
      socket.destroy()
    },
    get broken() {
      return broken
    },
  }
}

function ask(
  connection: Connection,
  text: string,
  values?: readonly (string | number)[],
): Promise<{ readonly rows: readonly Row[] }> {
  return new Promise((resolve, reject) => {
    const answer = (error: unknown, rows: unknown) => (error ? reject(error) : resolve({ rows: rowsOf(rows) }))
    if (values) connection.execute(text, [...values], answer)
    else connection.query(text, answer)
  })
}

/** What changes something answers a header instead of rows. */
function rowsOf(answer: unknown): readonly Row[] {
  return Array.isArray(answer) ? (answer.filter(row => row !== undefined) as readonly Row[]) : []
}

function ended(connection: Connection, socket: Socket): Promise<void> {
  return new Promise(resolve => {
    if (socket.destroyed) return resolve()
    socket.once('close', () => resolve())
    connection.end(() => socket.end())
  })
}
