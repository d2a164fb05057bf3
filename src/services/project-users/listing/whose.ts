import { type UserIdentity, userKeyFrom } from '../../../domain/users/user.ts'
import type { ProjectRecord } from '../../../store/project-record.ts'
import type { Clusters } from '../clusters.ts'
import type { ProjectRules, ProjectUser } from '../project-user.ts'
import { isAlive, isExpired, isHidden, isPlaced, isThere, rolesShown, shownFrom } from '../records.ts'
import type { Sight } from '../sight.ts'
import { isUserOfProject } from './logins.ts'

/** What is known of a project beside what its servers show. */
export interface Around {
  readonly clusters: Clusters
  readonly now: number
  readonly rules: Pick<ProjectRules, 'listUnmanaged' | 'clusterType'>
}

/** Is there one of the project's own under a key, one that others made, or nobody. */
export function whoseIs(
  key: string,
  record: ProjectRecord | undefined,
  sight: Sight<UserIdentity>,
  { clusters, now, rules }: Around,
): 'project' | 'others' | undefined {
  if (record && isThere(record, now) && !isHidden(record, clusters) && isAlive(record, sight)) return 'project'
  // On its way, on its way out, or over: that very login is nobody else's.
  const isOurs = record && (record.open !== undefined || isOver(record, sight, now))
  const isSeen = [...sight.seen.values()].some(users => users.has(key))
  return rules.listUnmanaged && !isOurs && isSeen && isUserOfProject(userKeyFrom(key)) ? 'others' : undefined
}

function isOver(record: ProjectRecord, sight: Sight<UserIdentity>, now: number): boolean {
  return isExpired(record, now) && sight.clusters.some(cluster => isPlaced(record, cluster, sight))
}

/** As its project sees it; undefined where there is none. */
export function shownAs(
  key: string,
  record: ProjectRecord | undefined,
  sight: Sight,
  around: Around,
): ProjectUser | undefined {
  const whose = whoseIs(key, record, sight, around)
  if (whose === 'project') return shownFrom(record!, sight, around.clusters)
  return whose && foundAs(key, sight, around.rules.clusterType)
}

/** One entry for all servers: what it may do on every one that has it, never more. */
function foundAs(key: string, { clusters, seen, unreachable }: Sight, type: string): ProjectUser {
  const on = clusters.filter(({ instance }) => seen.get(instance.id)?.has(key))
  const had = on.map(({ instance }) => seen.get(instance.id)!.get(key)!.roles ?? [])
  const isEverywhere = on.length === clusters.length && unreachable.length === 0
  const scopes = isEverywhere ? [] : on.map(({ instance, name }) => ({ type, name, instanceId: instance.id }))
  return { key: userKeyFrom(key), roles: rolesShown([], had), scopes, labels: [], managed: false }
}
