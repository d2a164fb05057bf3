import { createHash } from 'node:crypto'
import { Secret } from '../domain/secret.ts'
import { type Changed, isTouched, noting } from './databases/sqlite-changes.ts'
import type { Tables } from './store.ts'

/** So many answers are kept at a time: one busy installation's keys, instances and pages of users. */
const MOST = 5_000

/** What every request asks for. Lists are left out: they are long, and rarely asked for twice. */
const REMEMBERED = [
  'operators',
  'projects',
  'members',
  'keys',
  'instances',
  'connections',
  'access',
  'users',
  'tokens',
] as const

interface Kept {
  readonly answer: Promise<unknown>
  /** What it was read from, as far as it has been read. */
  readonly tables: Set<string>
  isWhole: boolean
}

/**
 * Reads that are answered from memory while nothing has been committed to what they read. `changes` knows every commit, whoever makes it,
 * and costs next to nothing to ask; so an answer is as new as one from the file.
 */
export function remembering(read: Tables, changes: () => Changed): Tables {
  const answers = new Map<string, Kept>()

  function answer(question: string, ask: () => Promise<unknown>): Promise<unknown> {
    forget(changes())
    const kept = answers.get(question)
    if (kept) return kept.answer
    const tables = new Set<string>()
    const asked: Kept = { answer: noting(tables, ask), tables, isWhole: false }
    answers.set(question, asked)
    asked.answer.then(
      () => (asked.isWhole = true),
      () => answers.get(question) === asked && answers.delete(question),
    )
    return asked.answer
  }

  function forget(changed: Changed): void {
    if (changed === 'anything' || answers.size >= MOST) answers.clear()
    if (changed === 'nothing') return
    for (const [question, { tables, isWhole }] of answers)
      if (!isWhole || isTouched(tables, changed)) answers.delete(question)
  }

  function rememberingTable<T extends object>(name: string, table: T): T {
    const methods = Object.entries(table) as [string, Ask][]
    const remembered = methods.map(([method, ask]): [string, Ask] => {
      if (isLong(method)) return [method, ask]
      return [method, (...values) => answer(questionOf(name, method, values), () => ask(...values))]
    })
    return { ...table, ...Object.fromEntries(remembered.filter(([method]) => !SYNCHRONOUS.has(method))) }
  }

  const tables = REMEMBERED.map(name => [name, rememberingTable(name, read[name])])
  return { ...read, ...Object.fromEntries(tables) }
}

type Ask = (...values: readonly unknown[]) => Promise<unknown>

const isLong = (method: string): boolean => method.startsWith('list')

/** What answers at once can't be a promise. */
const SYNCHRONOUS: ReadonlySet<string> = new Set(['hash'])

function questionOf(table: string, method: string, values: readonly unknown[]): string {
  return `${table}.${method} ${JSON.stringify(values.map(withoutSecret))}`
}

/** A secret's JSON says nothing, so all would be one question; its hash tells them apart and keeps none of them in memory. */
function withoutSecret(value: unknown): unknown {
  return value instanceof Secret ? createHash('sha256').update(value.reveal()).digest('base64') : value
}
