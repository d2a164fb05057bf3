import { randomUUID } from 'node:crypto'
import { newOperationId } from '../../domain/id.ts'
import type { Change } from '../../domain/users/change.ts'
import { userKeyFrom } from '../../domain/users/user.ts'
import type { Tables } from '../../store/store.ts'
import { ROLECALL } from './joining.ts'
import { marksOf, type Pending, pendingIn } from './known.ts'

/** Writes down, in the transaction in which a server leaves its project, that the project's users are to go from it: it stays until then. */
export async function cleanUp(tables: Tables, instanceId: string, now: number): Promise<void> {
  const instance = await tables.instances.find(instanceId)
  if (!instance) return
  for (const { key, places } of await tables.projectRecords.list(instance.projectId, 'user')) {
    const subject = { kind: 'user', key } as const
    const open = await tables.operations.findOpen(instanceId, subject)
    const kind = open?.targets.find(target => target.instanceId === instanceId && !target.isOver)?.kind
    // It goes from there already.
    if (kind === 'drop-user' || kind === 'undo-create-user') continue
    const pending = pendingIn(open, instanceId)
    const change = changeFor(key, places[instanceId], pending)
    if (!change) continue
    // What still waits there is not to come any more. One that is being tried keeps the server here for now.
    if (pending) await tables.operations.supersede(instanceId, subject, now)
    const target = {
      ...{ instanceId, subject, change },
      incarnation: change.kind === 'drop-user' ? change.incarnation : undefined,
      steps: [],
      record: { username: ROLECALL.operator.id, fanOut: { forward: true } },
    }
    const origin = { operatorId: ROLECALL.operator.id, address: ROLECALL.address, dialect: ROLECALL.dialect }
    const id = newOperationId(now)
    const lease = { worker: 'nobody', leaseUntil: now, createdAt: now, requestId: randomUUID() }
    await tables.operations.begin({ ...origin, ...lease, id, projectId: instance.projectId, targets: [target] })
  }
}

/** Where it is, it is dropped; where it was only to come, what may have come of that is taken back. */
function changeFor(key: string, place: string | null | undefined, pending: Pending | undefined) {
  const user = userKeyFrom(key)
  if (typeof place === 'string') {
    const incarnation = place || undefined
    return { kind: 'drop-user', key: user, onOwned: 'refuse', incarnation } as const satisfies Change
  }
  if (pending?.change.kind !== 'create-user') return undefined
  return { kind: 'undo-create-user', key: user, of: marksOf(pending) } as const satisfies Change
}
