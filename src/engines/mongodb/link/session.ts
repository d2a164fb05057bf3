import type { Tls } from '../../../domain/servers/connection.ts'
import type { Command } from '../command.ts'

// biome-ignore lint/suspicious/noExplicitAny: the server answers with any document; whoever asked knows its shape.
export type Document = Readonly<Record<string, any>>

/** As little of a driver as is needed: one address, one login, commands. */
export interface MongoSession {
  /** True once its connection is gone: it never gets another. */
  readonly broken: boolean
  command(database: string, command: Command): Promise<Document>
  /** Hangs up at once, whatever is under way. */
  close(): Promise<void>
}

export interface DialConfig {
  /** An address that the guard let through. */
  readonly address: string
  readonly port: number
  /** As its connection names it; certificates carry it. */
  readonly host: string
  readonly username: string
  readonly password: string
  readonly authDatabase: string
  readonly mechanism?: string
  readonly tls: Tls
  readonly programName: string
  readonly connectTimeoutMs: number
  /** 1 for an attempt's link, which never reconnects; more for reading. */
  readonly connections: number
  readonly idleMs?: number
}

/** Connects and logs in. */
export type Dial = (config: DialConfig, signal: AbortSignal) => Promise<MongoSession>
