/** How a database of either kind keeps what it has no type for. */
export type YesNo = 0 | 1
export type Json = string
/** A text of `sealing/vault.ts`. */
export type Sealed = string
