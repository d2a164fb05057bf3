/** A row as the database has it: names in snake case, texts, numbers and nulls. */
export type Row = Readonly<Record<string, unknown>>

export interface TableSize {
  readonly name: string
  readonly rows: number
}

/** A store as it was at one moment, whatever is written to it meanwhile. */
export interface Snapshot {
  readonly schemaVersion: number
  /** The release that brought its schema. */
  readonly release: string
  readonly installation: string
  /** Fingerprints of the master keys that wrap its data keys. */
  readonly masterKeys: readonly string[]
  readonly tables: readonly TableSize[]
  /** Every row, some hundreds at a time. */
  rows(table: string): AsyncIterable<readonly Row[]>
}

/** Rows that are read, and handed on, at a time. */
export const BATCH = 500

/** `1a2b3c4d.<sealed>` is wrapped by master key 1a2b3c4d. */
export function masterKeysOf(wrapped: readonly string[]): readonly string[] {
  return [...new Set(wrapped.map(text => text.split('.')[0]!))].sort()
}
