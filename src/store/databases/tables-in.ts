import type { CompiledQuery } from 'kysely'

/** The tables that a statement names, and those that change with them; undefined: it may be any. */
export type TablesIn = ReadonlySet<string> | undefined

/** Statements are compiled again and again, and their texts are few; lists of every length could make too many. */
const KEPT_TEXTS = 1_000
const kept = new Map<string, TablesIn>()

export function tablesIn({ sql, query }: CompiledQuery): TablesIn {
  if (kept.has(sql)) return kept.get(sql)
  const tables = new Set<string>()
  const found = collect(query, tables) ? tables : undefined
  if (kept.size >= KEPT_TEXTS) kept.clear()
  kept.set(sql, found)
  return found
}

/** Text that somebody wrote out may name tables too: such as these words go before. */
const NAMES_TABLES = /\b(from|join|into|update|table|pragma)\b/i

/** False: text hides which they are. */
function collect(node: unknown, tables: Set<string>): boolean {
  if (Array.isArray(node)) return node.every(one => collect(one, tables))
  if (typeof node !== 'object' || node === null) return true
  if (isRaw(node) && node.sqlFragments.some(text => NAMES_TABLES.test(text))) return false
  if (isTable(node)) tables.add(node.table.identifier.name)
  return Object.values(node).every(one => collect(one, tables))
}

const isRaw = (node: object): node is { readonly sqlFragments: readonly string[] } => 'sqlFragments' in node

type TableNode = { readonly table: { readonly identifier: { readonly name: string } } }

const isTable = (node: object): node is TableNode => 'kind' in node && node.kind === 'TableNode'
