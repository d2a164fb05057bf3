import type { Change } from '../../../domain/users/change.ts'
import type { RoleDefinition } from '../../../domain/users/role-definition.ts'
import type { ProjectRecord } from '../../../store/project-record.ts'
import type { Tables } from '../../../store/store.ts'
import type { Cluster, ProjectParts } from '../project-user.ts'

/**
 * What a project's role is on a server: there; on its way, as any of what was sent there; or refused, for a role of its name that others
 * made is theirs.
 */
export type Whereabouts =
  | { readonly state: 'is' }
  | { readonly state: 'refused' }
  | { readonly state: 'comes'; readonly as: readonly RoleDefinition[] }

/** By instance; a server that the role never was meant for is left out. */
export async function whereaboutsOf(
  tables: Tables,
  { key, places }: Pick<ProjectRecord, 'key' | 'places'>,
  clusters: readonly Cluster[],
): Promise<ReadonlyMap<string, Whereabouts>> {
  const found = new Map<string, Whereabouts>()
  for (const { instance } of clusters) {
    const place = places[instance.id]
    const change = await openChangeOn(tables, instance.id, key)
    if (typeof place === 'string') found.set(instance.id, { state: 'is' })
    else if (change) found.set(instance.id, { state: 'comes', as: definitionsIn(change) })
    else if (place === null) found.set(instance.id, { state: 'refused' })
  }
  return found
}

/** What still waits for a server, or is being tried there. */
export async function openChangeOn(tables: Tables, instanceId: string, name: string): Promise<Change | undefined> {
  const open = await tables.operations.findOpen(instanceId, { kind: 'role', key: name })
  return open?.targets.find(one => one.instanceId === instanceId && !one.isOver)?.change
}

/** What it may be there by now: what was asked for last, or before that. */
function definitionsIn(change: Change): readonly RoleDefinition[] {
  if (!('role' in change)) return []
  return 'over' in change && change.over ? [...change.over, change.role] : [change.role]
}

/** Would the server take it now? It may be asked, and may have no time. */
export async function wouldTake(
  { store, links, rules }: ProjectParts,
  { instance }: Cluster,
  change: Change,
  signal: AbortSignal,
): Promise<boolean> {
  const mark = { installation: store.installation, operation: 'look' }
  const until = AbortSignal.any([signal, AbortSignal.timeout(rules.perInstanceMs / 4)])
  try {
    const facts = await links.read(instance, until, client => client.facts(change, mark))
    return links.engineOf(instance).plan(change, facts).refusals.length === 0
  } catch {
    return false
  }
}
