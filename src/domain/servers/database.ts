export interface Database {
  readonly name: string
  readonly owner?: string
  readonly encoding?: string
  readonly collation?: string
  /** Bytes; absent where the managing login may not ask. */
  readonly sizeBytes?: number
  readonly flags: readonly string[]
}

export interface NewDatabase {
  readonly name: string
  readonly owner?: string
  readonly encoding?: string
  readonly collation?: string
}

/** A role that can be granted: one of the catalogue, or the engine's own. */
export interface EngineRole {
  readonly name: string
  readonly kind: 'catalogue' | 'engine'
  readonly allows: string
}
