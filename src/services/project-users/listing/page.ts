import type { DatabaseUser } from '../../../domain/users/user.ts'
import type { ProjectRecord } from '../../../store/project-record.ts'
import type { Cluster, ProjectParts, ProjectUser } from '../project-user.ts'
import type { Sight } from '../sight.ts'
import { type Logins, loginsOf } from './logins.ts'
import { failedAmong, mergeLogins } from './merge.ts'
import { createTally } from './tally.ts'
import { type Around, shownAs } from './whose.ts'
import type { Cut } from './window.ts'

export interface ListedUsers {
  readonly items: readonly ProjectUser[]
  /** Of all pages. */
  readonly total: number
  /** Names of servers that could not be asked. */
  readonly unreachable: readonly string[]
}

interface Wanted {
  readonly around: Around
  /** By key, in the order of their creation. */
  readonly records: ReadonlyMap<string, ProjectRecord>
  readonly cut: Cut
}

/** The users of a project: of all there are keys alone are read, and rows of those that are on the page. */
export async function listPage(parts: ProjectParts, wanted: Wanted, signal: AbortSignal): Promise<ListedUsers> {
  const all = wanted.around.clusters.seen
  // A server that goes away in the middle was away from the beginning: its logins are not half told.
  for (let away: readonly Cluster[] = []; ; ) {
    const logins: Logins[] = []
    const open = async (cluster: Cluster) => logins.push(await loginsOf(parts, cluster, signal))
    const asked = all.filter(cluster => !away.includes(cluster))
    const failed = await failedAmong(
      asked.map(cluster => ({ cluster })),
      ({ cluster }) => open(cluster),
    )
    away = [...away, ...failed]
    const page = await pageOf(logins, wanted, away)
    if ('items' in page) return page
    away = [...away, ...page.failed]
  }
}

/** Of servers that all answered so far; or those that do no more. */
async function pageOf(
  logins: readonly Logins[],
  { around, records, cut }: Wanted,
  unreachable: readonly Cluster[],
): Promise<ListedUsers | { readonly failed: readonly Cluster[] }> {
  const tally = createTally(around, records, cut, unreachable)
  const failed = await mergeLogins(logins, tally.tell)
  if (failed.length > 0) return { failed }
  const { keys, total } = tally.result()
  const seen = new Map<string, ReadonlyMap<string, DatabaseUser>>()
  const lost = await failedAmong(logins, async one => seen.set(one.cluster.instance.id, await one.rows(keys)))
  if (lost.length > 0) return { failed: lost }
  const sight: Sight = { clusters: around.clusters.seen, seen, unreachable }
  const items = keys.flatMap(key => shownAs(key, records.get(key), sight, around) ?? [])
  // Some may have gone since their keys were read.
  return { items, total: total - (keys.length - items.length), unreachable: namesOf(sight) }
}

const namesOf = ({ clusters, unreachable }: Sight) =>
  clusters.filter(cluster => unreachable.includes(cluster)).map(({ name }) => name)
