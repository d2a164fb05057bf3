import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely'
import { Fault, type FaultSubject, isFault } from '../domain/fault.ts'

/** Turns what a driver throws into a fault. */
export type FaultMapping = (error: unknown) => Fault

/** What a unique index of each table guards, and how to say that it is taken. */
const TAKEN: Readonly<Record<string, readonly [FaultSubject, string]>> = {
  operators: ['operator', 'There is an operator of that name already'],
  projects: ['project', 'There is a project of that id or alias already'],
  members: ['member', 'This operator is a member already'],
  api_keys: ['key', 'There is such a key already'],
  instances: ['instance', 'Another instance of the project has that name or slug'],
  dialect_views: ['instance', 'Another instance of the project goes by that name there'],
  connections: ['connection', 'Another connection of the project has that name'],
  teams: ['team', 'Another team of the project has that name'],
  operations: ['operation', 'There is such an operation already'],
  replays: ['request', 'That Idempotency-Key is taken'],
}

export function taken(table: string | undefined, cause: unknown): Fault {
  const [subject, message] = TAKEN[table ?? ''] ?? ['store', 'That is there already']
  return new Fault('exists', subject, message, { cause })
}

/** A foreign key said no: what a row points at went away meanwhile, or something still points at it. */
export function dangling(cause: unknown): Fault {
  return new Fault('conflict', 'store', 'Something that this depends on has changed meanwhile; try again', { cause })
}

export function away(message: string, cause: unknown): Fault {
  return new Fault('unavailable', 'store', message, { cause, retryAfterSeconds: 1 })
}

export function ourMistake(cause: unknown): Fault {
  return new Fault('internal', 'store', 'The store could not do that; it has been logged', { cause })
}

/** The driver's own code of what made a fault. */
export function causeCode(error: unknown): string | undefined {
  return isFault(error) ? codeOf(error.details.cause) : undefined
}

export function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : undefined
}

export async function asFault<T>(mapping: FaultMapping, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isFault(error) ? error : mapping(error)
  }
}

/** A connection that throws faults only. */
export class FaultingConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection
  readonly #mapping: FaultMapping

  constructor(inner: DatabaseConnection, mapping: FaultMapping) {
    this.#inner = inner
    this.#mapping = mapping
  }

  executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    return asFault(this.#mapping, () => this.#inner.executeQuery<R>(query))
  }

  streamQuery<R>(query: CompiledQuery, chunk: number): AsyncIterableIterator<QueryResult<R>> {
    return this.#inner.streamQuery<R>(query, chunk)
  }
}

/** True of a fault that `dangling` made. */
export function isDangling(error: unknown): boolean {
  const code = causeCode(error)
  return code === 'SQLITE_CONSTRAINT_FOREIGNKEY' || code === '23503'
}
