import type { Tls } from '../../../domain/servers/connection.ts'

/** Where and as whom to connect. `host` is always an address, never a name: names were resolved and checked before. */
export interface DialConfig {
  readonly host: string
  readonly port: number
  /** The name by which the server's certificate must know it. */
  readonly serverName: string
  /** Empty: no database. */
  readonly database: string
  readonly user: string
  readonly password: string
  readonly tls: Tls
  /** Shown where the server keeps attributes of sessions. */
  readonly programName: string
  readonly connectTimeoutMs: number
}

export type Row = Readonly<Record<string, unknown>>

/**
 * One session on a server of the MySQL family: everything that Rolecall sends there goes through `query`. Each text is one statement.
 * Values are sent apart from it: nothing is quoted into it on the way.
 */
export interface MysqlSession {
  query(text: string, values?: readonly (string | number)[]): Promise<{ readonly rows: readonly Row[] }>
  /** Says good-bye, and waits for the socket to close. */
  end(): Promise<void>
  /** Cuts the socket. */
  destroy(): void
  /** The link is gone, whoever ended it. */
  readonly broken: boolean
}

/** Opens a session; rejects with what the driver or the socket threw. */
export type Dial = (config: DialConfig, signal: AbortSignal) => Promise<MysqlSession>
