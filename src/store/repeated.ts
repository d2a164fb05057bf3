import type { Compilable, CompiledQuery, QueryResult } from 'kysely'
import type { Context, DatabaseWords } from './context.ts'

/** A statement whose values are still to come. */
interface Text {
  readonly query: CompiledQuery
  /** Which value each parameter is; undefined: it is always what stands in the query. */
  readonly slots: readonly (Slot | undefined)[]
}

class Slot {
  readonly row: number
  readonly name: string

  constructor(row: number, name: string) {
    this.row = row
    this.name = name
  }
}

const texts = new WeakMap<DatabaseWords, Map<string, Text>>()

/** More rows than that are rare; each number of them is a text of its own. */
const MOST_ROWS = 8

/**
 * Runs a statement that every change runs. To build it and to write it out takes longer than to run it, so that is done once, with
 * stand-ins for the values: `build` may look at nothing but the names that are in `rows`, and none of them may be undefined.
 */
export function repeated<V extends object, R>(
  { db, words }: Context,
  name: string,
  rows: readonly V[],
  build: (rows: readonly V[]) => Compilable<R>,
): Promise<QueryResult<R>> {
  if (rows.length > MOST_ROWS) return db.executeQuery<R>(build(rows))
  const { query, slots } = textOf(words, `${rows.length} ${name}`, rows, build)
  const values = rows as readonly Readonly<Record<string, unknown>>[]
  const parameters = slots.map((slot, at) => (slot ? values[slot.row]![slot.name] : query.parameters[at]))
  return db.executeQuery<R>({ ...query, parameters })
}

function textOf<V extends object, R>(
  words: DatabaseWords,
  name: string,
  rows: readonly V[],
  build: (rows: readonly V[]) => Compilable<R>,
): Text {
  const known = texts.get(words) ?? new Map<string, Text>()
  texts.set(words, known)
  const text = known.get(name) ?? written(build(rows.map(standInsFor)))
  known.set(name, text)
  return text
}

function standInsFor<V extends object>(values: V, row: number): V {
  return Object.fromEntries(Object.keys(values).map(name => [name, new Slot(row, name)])) as V
}

function written(statement: Compilable): Text {
  const query = statement.compile()
  return { query, slots: query.parameters.map(one => (one instanceof Slot ? one : undefined)) }
}
