import type { Instance } from '../../../domain/servers/instance.ts'
import type { Change } from '../../../domain/users/change.ts'
import { userKeyText } from '../../../domain/users/user.ts'
import type { ProjectRecord } from '../../../store/project-record.ts'
import type { Asked } from '../../operations/prepared.ts'
import type { UserTarget } from '../../users/changes/managed-users.ts'
import { keyOf } from '../../users/user-view.ts'
import { type Clusters, checkClusters, clustersFor, isWithin } from '../clusters.ts'
import { isUserOfProject } from '../listing/logins.ts'
import type { Cluster, ProjectParts, WantedUser } from '../project-user.ts'
import { keptOf, planOf } from '../project-user-changes.ts'
import { wantedOf } from '../records.ts'
import { ownLogins } from '../sight.ts'
import { lost } from '../unchanged.ts'
import type { PlanningParts, UserPlan } from './changes.ts'

type Create = Extract<Change, { kind: 'create-user' }>

/** A user that is made on one server, at home there. */
export interface NewUserPlan extends UserPlan {
  readonly around: Clusters
  /** What was of its name before. */
  readonly before?: ProjectRecord
}

/**
 * Undefined: it is a login of that server alone, as it can't be a user of the project, or one has the name on other servers. Names are
 * the server's there: two servers may have one each.
 */
export async function planNew(
  parts: ProjectParts & PlanningParts,
  asked: Asked,
  instance: Instance,
  target: UserTarget & { readonly change: Create },
): Promise<NewUserPlan | undefined> {
  const { store, check, rules } = parts
  const { projectId } = instance
  const key = keyOf(target.change.user)
  const text = userKeyText(key)
  const around = await clustersFor(parts, asked.caller, projectId)
  const cluster = around.all.find(one => one.instance.id === instance.id)
  if (!cluster || !isUserOfProject(key) || (await ownLogins(parts, cluster)).has(text)) return undefined
  const before = await store.read.projectRecords.find(projectId, 'user', text)
  if (before && !mayBeOn(before, cluster)) return undefined
  checkClusters(around, [cluster])
  await check.free(projectId, text, around.all, asked.signal, await store.now())
  const record = planOf(text, 'create', wantedFrom(parts, cluster, target.change))
  const password = keptOf(rules, target.change.password)
  const targets = [{ ...target, instanceId: instance.id }]
  return { targets, record: { ...record, password }, around, before }
}

/** Does the project's user of that name live there, or is it to. */
function mayBeOn(record: ProjectRecord, cluster: Cluster): boolean {
  const wanted = wantedOf(record)
  // Nobody knows yet where it is going to live.
  if (!wanted && record.open) throw lost()
  return wanted === undefined || isWithin(wanted, cluster) || typeof record.places[cluster.instance.id] === 'string'
}

function wantedFrom({ engine, rules }: PlanningParts, { instance, name }: Cluster, change: Create): WantedUser {
  const { user, end } = change
  const roles = engine.rolesAfter!({ add: user.grants, remove: [] }, user.engineRoles)
  const scopes = [{ type: rules.clusterType, name, instanceId: instance.id }]
  return { roles, scopes, labels: [], validUntil: end?.until }
}
