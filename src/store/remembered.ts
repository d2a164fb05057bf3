import { createHash } from 'node:crypto'
import { Secret } from '../domain/secret.ts'
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

/**
 * Reads that are answered from memory while nothing at all has been committed since they were asked first. `version` changes with every
 * commit, whoever makes it, and costs next to nothing to ask; so an answer is as new as one from the file.
 */
export function remembering(read: Tables, version: () => number): Tables {
  const answers = new Map<string, Promise<unknown>>()
  let known = version()

  function answer(question: string, ask: () => Promise<unknown>): Promise<unknown> {
    const now = version()
    if (now !== known || answers.size >= MOST) answers.clear()
    known = now
    const kept = answers.get(question)
    if (kept) return kept
    const asked = ask()
    answers.set(question, asked)
    asked.catch(() => answers.delete(question))
    return asked
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
