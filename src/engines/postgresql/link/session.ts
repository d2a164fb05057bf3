import type { ConnectionOptions } from 'node:tls'

/** Where and as whom to connect. `host` is always an address, never a name: names were resolved and checked before. */
export interface DialConfig {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password: string
  /** Undefined: without TLS. */
  readonly tls?: ConnectionOptions
  /** The name that the server's certificate must bear; undefined where any will do. */
  readonly certificateName?: string
  readonly applicationName: string
  readonly connectTimeoutMs: number
}

/** What sessions are called that are kept: for reading, and between two attempts. */
export const READING_NAME = 'rolecall/read'
export const SPARE_NAME = 'rolecall/spare'

export type Row = Readonly<Record<string, unknown>>

/**
 * One session on a PostgreSQL server: everything that Rolecall sends there goes through `query`. With values it is one statement;
 * without, it may be several, which run as one transaction, and `rows` are those of all of them.
 */
export interface PgSession {
  query(text: string, values?: readonly unknown[]): Promise<{ readonly rows: readonly Row[] }>
  /** Asks the server, over a link of its own, to cancel what runs here. */
  cancel(): Promise<void>
  /** Says good-bye, and waits for the socket to close. */
  end(): Promise<void>
  /** Cuts the socket. */
  destroy(): void
  /** The link is gone, whoever ended it. */
  readonly broken: boolean
}

/** Opens a session; rejects with what the driver or the socket threw. */
export type Dial = (config: DialConfig, signal: AbortSignal) => Promise<PgSession>
