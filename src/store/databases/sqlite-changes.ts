import { AsyncLocalStorage } from 'node:async_hooks'
import type Sqlite from 'better-sqlite3'
import type { CompiledQuery } from 'kysely'
import { tablesIn } from './tables-in.ts'

/** Which tables have changed since this was asked last. */
export type Changed = ReadonlySet<string> | 'anything' | 'nothing'

/** Is told of every statement of a link, and of its transactions. */
export interface StatementWatch {
  ran(query: CompiledQuery): void
  began(): void
  /** Before the commit: whoever looks after it knows. */
  commits(): void
}

/** What the writing link of this process has written. */
export interface Written extends StatementWatch {
  /** The tables that were committed to since this was asked last. */
  take(): ReadonlySet<string>
}

export function watchWrites(file: Sqlite.Database): Written {
  let pending = new Set<string>()
  let committed = new Set<string>()

  function ran(query: CompiledQuery): void {
    if (query.query.kind === 'SelectQueryNode') return
    const into = file.inTransaction ? pending : committed
    for (const table of tablesIn(query) ?? [ANY]) into.add(table)
  }

  function take(): ReadonlySet<string> {
    const taken = committed
    committed = new Set()
    return taken
  }

  return {
    ran,
    began: () => (pending = new Set()),
    commits: () => (committed = committed.union(pending)),
    take,
  }
}

/** Stands for tables that text hides. */
const ANY = '*'

type Children = ReadonlyMap<string, readonly string[]>

/** Which tables a row takes along when it goes. */
function childrenIn(file: Sqlite.Database): Children {
  const rows = file
    .prepare<[], { readonly parent: string; readonly child: string }>(
      `select k."table" as parent, t.name as child
       from sqlite_schema t join pragma_foreign_key_list(t.name) k where t.type = 'table' and k.on_delete <> 'NO ACTION'`,
    )
    .all()
  const byParent = Map.groupBy(rows, ({ parent }) => parent)
  return new Map([...byParent].map(([parent, own]) => [parent, own.map(({ child }) => child)]))
}

function withChildren(children: Children, table: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(table)) return found
  found.add(table)
  for (const child of children.get(table) ?? []) withChildren(children, child, found)
  return found
}

/**
 * Of a transaction of any other link, the reading one sees that there was one; the writing one sees only those of other processes. Call
 * once the tables are there.
 */
export function changesOf(reader: Sqlite.Database, writer: Sqlite.Database, written: Written): () => Changed {
  const seen = versionOf(reader)
  const others = versionOf(writer)
  const children = childrenIn(writer)
  return () => {
    if (!seen()) return 'nothing'
    const mine = written.take()
    if (others() || mine.has(ANY)) return 'anything'
    return new Set([...mine].flatMap(table => [...withChildren(children, table)]))
  }
}

/** Answers whether it has moved since it was asked last. */
function versionOf(file: Sqlite.Database): () => boolean {
  const version = file.prepare<[], number>('pragma data_version').pluck()
  let known = version.get()
  return () => {
    const now = version.get()
    const moved = now !== known
    known = now
    return moved
  }
}

const reading = new AsyncLocalStorage<Set<string>>()

/** Notes for whoever `noting` them which tables its statements read. */
export const READS: StatementWatch = {
  ran(query) {
    const tables = reading.getStore()
    if (tables) for (const table of tablesIn(query) ?? [ANY]) tables.add(table)
  },
  began: () => {},
  commits: () => {},
}

/** Runs `work`, and adds to `tables` what it reads. */
export function noting<T>(tables: Set<string>, work: () => Promise<T>): Promise<T> {
  return reading.run(tables, work)
}

/** May what was read of `tables` be another thing by now? */
export function isTouched(tables: ReadonlySet<string>, changed: Changed): boolean {
  if (changed === 'nothing') return false
  return changed === 'anything' || tables.has(ANY) || !tables.isDisjointFrom(changed)
}
