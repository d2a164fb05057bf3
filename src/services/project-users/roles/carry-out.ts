import type { Change } from '../../../domain/users/change.ts'
import type { RecordPlan } from '../../../store/project-record.ts'
import type { Tables } from '../../../store/store.ts'
import { asAllowed } from '../../access/server-admins.ts'
import { auditOf } from '../../operations/audit.ts'
import type { Asked } from '../../operations/prepared.ts'
import { changeStore } from '../../operations/store-change.ts'
import { type Clusters, checkClusters, naming } from '../clusters.ts'
import type { Cluster } from '../project-user.ts'
import { lost } from '../unchanged.ts'
import type { CustomRoleParts } from './custom-role.ts'
import { openChangeOn } from './whereabouts.ts'

/** What is to become of a role, and on which servers. */
export interface RoleOrder {
  readonly projectId: string
  readonly record: Omit<RecordPlan, 'operationId' | 'projectId'>
  readonly around: Clusters
  readonly on: readonly { readonly cluster: Cluster; readonly change: Change }[]
  /** In the transaction that writes it, before its record begins or after: throws unless it is made from what there is. */
  readonly prepare?: (tables: Tables) => Promise<void>
  readonly confirm?: (tables: Tables) => Promise<void>
}

export function createCarryOut({ store, fanOut, rules }: CustomRoleParts) {
  const usual = rules.partialFailure === 'all' ? 'undo' : 'leave'

  async function carryOut(asked: Asked, order: RoleOrder, onFailure: 'undo' | 'leave' = usual): Promise<void> {
    const { projectId, record, around, on, prepare, confirm } = order
    const { caller, signal } = asked
    const clusters = on.map(({ cluster }) => cluster)
    checkClusters(around, clusters)
    if (on.length === 0) return rememberOnly(asked, order)
    const toTarget = async ({ cluster: { instance }, change }: RoleOrder['on'][number]) => ({
      instanceId: instance.id,
      change: asAllowed(caller, projectId, change),
      wish: { username: caller.operator.username },
      instead: await openChangeOn(store.read, instance.id, record.key),
    })
    const targets = await Promise.all(on.map(toTarget))
    const supersede = async (tables: Tables) => {
      await prepare?.(tables)
      return onFailure === 'leave' ? supersedeOn(tables, clusters, record.key) : []
    }
    const how = { onFailure, perInstanceMs: rules.perInstanceMs, supersede, confirm }
    await fanOut.perform({ caller, signal, projectId, targets, record, ...how }).catch(naming(clusters))
  }

  /** Nothing is to be done on any server. */
  function rememberOnly({ caller }: Asked, { projectId, record, prepare, confirm }: RoleOrder): Promise<void> {
    const { kind, key, change: what, next } = record
    return changeStore(store, async tables => {
      const now = await tables.now()
      const was = await tables.projectRecords.hold({ projectId, kind, key })
      if (was?.open) throw lost()
      await prepare?.(tables)
      await confirm?.(tables)
      const { createdAt, places } = was ?? { createdAt: now, places: {} }
      if (what === 'remove') await tables.projectRecords.remove({ projectId, kind, key })
      else await tables.projectRecords.put({ projectId, kind, key, createdAt, places, current: next })
      const detail = Object.keys(next ?? {})
      await tables.audit.add(
        auditOf(caller, { projectId, action: `project-role.${what}`, subject: key, detail, at: now }),
      )
    })
  }

  return carryOut
}

/** What still waits for a server need not be done there: this says what is to be. */
async function supersedeOn(tables: Tables, clusters: readonly Cluster[], key: string): Promise<readonly string[]> {
  const superseded: string[] = []
  for (const { instance } of clusters) {
    const waiting = await openChangeOn(tables, instance.id, key)
    if (waiting?.kind !== 'create-role' && waiting?.kind !== 'set-role') continue
    const subject = { kind: 'role', key } as const
    if (await tables.operations.supersede(instance.id, subject, await tables.now())) superseded.push(instance.id)
  }
  return superseded
}
