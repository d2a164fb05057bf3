import type { Command } from 'commander'
import { type Copied, type CopyOptions, copyStore } from '../store/keeping/copy.ts'
import type { StorePlace } from '../store/keeping/place.ts'
import { answerOne } from './answer.ts'
import { numberText, progressOn } from './progress.ts'

/** Copies, and tells meanwhile how far it is. */
export async function copying(from: StorePlace, to: StorePlace, options: CopyOptions = {}): Promise<Copied> {
  const progress = progressOn()
  try {
    return await copyStore(from, to, { ...options, onProgress: progress.tell })
  } finally {
    progress.end()
  }
}

/** What came over: to programs every table's rows by name, to people the tables that have any, and `words`. */
export function answerCopied(command: Command, copied: Copied, more: object, words: (rows: string) => string): void {
  const { tables, ...others } = copied
  const rows = tables.reduce((sum, one) => sum + one.rows, 0)
  const byName = Object.fromEntries(tables.map(one => [one.name, one.rows]))
  const list = tables
    .filter(one => one.rows > 0)
    .map(one => `${numberText(one.rows).padStart(12)}  ${one.name}`)
    .join('\n')
  const size = `${numberText(rows)} rows of ${tables.length} tables, schema ${copied.schemaVersion}`
  answerOne(command, { ...more, ...others, rows, tables: byName }, `${list}\n${words(size)}`)
}

/** Copies hold sealed values and never the key that opens them. */
export function keyWords({ masterKeys }: Pick<Copied, 'masterKeys'>): string {
  return `master key ${masterKeys.join(' and ')}`
}
