import { randomUUID } from 'node:crypto'
import type { Change } from '../../domain/change.ts'
import { newOperationId } from '../../domain/id.ts'
import type { Operation } from '../../domain/operation.ts'
import { userKeyFrom } from '../../domain/user.ts'
import type { Tables } from '../../store/store.ts'
import { ROLECALL } from './joining.ts'

/** Writes down, in the transaction in which a server leaves its project, that the project's users are to go from it: it stays until then. */
export async function cleanUp(tables: Tables, instanceId: string, now: number): Promise<void> {
  const instance = await tables.instances.find(instanceId)
  if (!instance) return
  for (const { key, places } of await tables.projectRecords.list(instance.projectId, 'user')) {
    const subject = { kind: 'user', key } as const
    const pending = await tables.operations.findOpen(instanceId, subject)
    const change = changeFor(key, places[instanceId], pending)
    if (!change) continue
    // What still waits there is not to come any more. One that is being tried keeps the server here for now.
    if (isMaking(pending, instanceId)) await tables.operations.supersede(instanceId, subject, now)
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
function changeFor(key: string, place: string | null | undefined, pending: Operation | undefined) {
  const user = userKeyFrom(key)
  if (typeof place === 'string') {
    const incarnation = place || undefined
    return { kind: 'drop-user', key: user, onOwned: 'refuse', incarnation } as const satisfies Change
  }
  const isComing = pending?.targets.some(({ kind }) => kind === 'create-user')
  return isComing ? ({ kind: 'undo-create-user', key: user, of: pending?.id } as const satisfies Change) : undefined
}

function isMaking(pending: Operation | undefined, instanceId: string): boolean {
  const isIt = ({ kind }: Operation['targets'][number]) => kind === 'create-user' || kind === 'replace-user'
  return pending?.targets.some(target => target.instanceId === instanceId && !target.isOver && isIt(target)) ?? false
}
