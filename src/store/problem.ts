/** Why the store can't be opened. The command line has an exit code for each. */
export type StoreProblemKind =
  | 'master-key-missing'
  | 'master-key-wrong'
  | 'master-key-malformed'
  | 'folder-in-use' // another process serves from it
  | 'folder-unwritable'
  | 'unreachable' // PostgreSQL does not answer, or does not let us in
  | 'forbidden' // PostgreSQL lets us in, but not make our tables
  | 'newer-schema' // a later release wrote it
  | 'damaged' // not a database, or a broken one
  | 'refused' // nothing to copy there, or something that would be overwritten

/** Thrown by `openStore` and by what keeps stores (`keeping/`). Its message names the remedy, and is meant for whoever starts the process. */
export class StoreProblem extends Error {
  override readonly name = 'StoreProblem'
  readonly kind: StoreProblemKind

  constructor(kind: StoreProblemKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.kind = kind
  }
}
