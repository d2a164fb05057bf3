import type { ProjectRecord } from '../../../store/project-record.ts'
import type { Tables } from '../../../store/store.ts'
import type { Cluster } from '../project-user.ts'
import { openChangeOn } from './whereabouts.ts'

/** What other projects do with a role of the same name on servers that are theirs, too. Servers know no projects. */
export interface Shared {
  /** Instances on which another project has it, or is to get it. */
  readonly kept: ReadonlySet<string>
  /** Instances from which another project's is still to go. */
  readonly going: ReadonlySet<string>
}

export async function sharedOn(
  tables: Tables,
  named: Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>,
  clusters: readonly Cluster[],
): Promise<Shared> {
  const [kept, going] = [new Set<string>(), new Set<string>()]
  for (const other of await tables.projectRecords.namesakes(named)) {
    for (const { instance } of clusters) {
      const does = await doesOnTwins(tables, other, instance.id)
      if (does === 'keeps') kept.add(instance.id)
      if (does === 'drops') going.add(instance.id)
    }
  }
  return { kept, going }
}

async function doesOnTwins(
  tables: Tables,
  { projectId, key, places, open }: ProjectRecord,
  instanceId: string,
): Promise<'keeps' | 'drops' | undefined> {
  for (const twin of await tables.instances.twins(instanceId, projectId)) {
    const isThere = typeof places[twin] === 'string' || (await openChangeOn(tables, twin, key)) !== undefined
    if (isThere) return open?.change === 'remove' ? 'drops' : 'keeps'
  }
  return undefined
}
