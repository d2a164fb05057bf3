import { isWithin } from '../clusters.ts'
import { comesTo, type Known, livesOn } from '../known.ts'
import type { Cluster, ProjectRules, Scope, WantedUser } from '../project-user.ts'

/**
 * What the project wants of a user that is to live on one server less; undefined where that was the last. One that lived on all servers
 * lives on those that are there without that one: a server that joins later is none of them, for nobody asked for it there.
 */
export function withoutOne(
  was: WantedUser,
  known: Known,
  gone: Cluster,
  { clusterType: type }: Pick<ProjectRules, 'clusterType'>,
): WantedUser | undefined {
  const isGone = ({ instanceId }: Scope) => instanceId === gone.instance.id
  const others = known.clusters.filter(cluster => cluster.instance.id !== gone.instance.id)
  const everywhere = others.map(({ instance, name }) => ({ type, name, instanceId: instance.id }))
  const scopes = was.scopes.length === 0 ? everywhere : was.scopes.filter(scope => !isGone(scope))
  // A scope that names no server there is may be one's that comes yet.
  const isElsewhere = (one: Cluster) => isWithin({ scopes }, one) && (livesOn(known, one) || comesTo(known, one))
  // None at all would mean every server.
  const stays = scopes.length > 0 && (others.some(isElsewhere) || scopes.some(isNobodys))
  return stays ? { ...was, scopes } : undefined
}

function isNobodys({ instanceId }: Scope): boolean {
  return instanceId === undefined
}
