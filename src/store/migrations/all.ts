import { first } from './0001-first.ts'
import type { Migration } from './columns.ts'

/** In order; never edited after merge, only added to. */
export const MIGRATIONS: readonly Migration[] = [first]
