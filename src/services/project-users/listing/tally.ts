import type { UserIdentity } from '../../../domain/users/user.ts'
import type { ProjectRecord } from '../../../store/project-record.ts'
import type { Cluster } from '../project-user.ts'
import type { Sight } from '../sight.ts'
import type { Places } from './merge.ts'
import { type Around, whoseIs } from './whose.ts'
import { type Cut, createWindow } from './window.ts'

/** Counts users as a merge tells them, and keeps the keys that a page may hold. */
export interface Tally {
  tell(key: string, places: Places): void
  /** Once all are told: the project's own by creation, then those that others made. */
  result(): { readonly keys: readonly string[]; readonly total: number }
}

export function createTally(
  around: Around,
  records: ReadonlyMap<string, ProjectRecord>,
  cut: Cut,
  unreachable: readonly Cluster[],
): Tally {
  const { clusters, rules } = around
  const own = new Set<string>()
  const untold = new Set(records.keys())
  const others = createWindow(cut, records.size)

  function judge(key: string, record: ProjectRecord, places: Places): void {
    untold.delete(key)
    const whose = whoseIs(key, record, sightOf(key, places), around)
    if (whose === 'project') own.add(key)
    if (whose === 'others') others.add(key)
  }

  function sightOf(key: string, places: Places): Sight<UserIdentity> {
    const seen = new Map([...places].map(([id, login]) => [id, new Map([[key, login]])]))
    return { clusters: clusters.seen, seen, unreachable }
  }

  function tell(key: string, places: Places): void {
    const record = records.get(key)
    if (record) judge(key, record, places)
    else if (rules.listUnmanaged) others.add(key)
  }

  function result() {
    for (const key of untold) judge(key, records.get(key)!, new Map())
    const keys = [...records.keys()].filter(key => own.has(key))
    const page = [...keys.slice(cut.skip, cut.skip + cut.limit), ...others.after(keys.length)]
    return { keys: page, total: keys.length + others.count }
  }

  return { tell, result }
}
