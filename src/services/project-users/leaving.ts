import { randomUUID } from 'node:crypto'
import { newOperationId } from '../../domain/id.ts'
import { userKeyFrom } from '../../domain/user.ts'
import type { Tables } from '../../store/store.ts'
import { ROLECALL } from './joining.ts'

/** Writes down, in the transaction in which a server leaves its project, that the project's users are to go from it: it stays until then. */
export async function cleanUp(tables: Tables, instanceId: string, now: number): Promise<void> {
  const instance = await tables.instances.find(instanceId)
  if (!instance) return
  for (const { key, places } of await tables.projectRecords.list(instance.projectId, 'user')) {
    const place = places[instanceId]
    if (typeof place !== 'string') continue
    const incarnation = place || undefined
    const target = {
      instanceId,
      subject: { kind: 'user', key } as const,
      change: { kind: 'drop-user', key: userKeyFrom(key), onOwned: 'refuse', incarnation } as const,
      incarnation,
      steps: [],
      record: { username: ROLECALL.operator.id, fanOut: { forward: true } },
    }
    const origin = { operatorId: ROLECALL.operator.id, address: ROLECALL.address, dialect: ROLECALL.dialect }
    const id = newOperationId(now)
    const lease = { worker: 'nobody', leaseUntil: now, createdAt: now, requestId: randomUUID() }
    await tables.operations.begin({ ...origin, ...lease, id, projectId: instance.projectId, targets: [target] })
  }
}
