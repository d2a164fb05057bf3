import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { Connection } from '../../domain/servers/connection.ts'
import type { Policy } from '../../domain/servers/policy.ts'
import type { Tables } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import { policiesOf } from '../instances/instances.ts'
import { sameAddresses } from './connection-shape.ts'
import type { ConnectionWish } from './connection-wish.ts'

/** Leading a connection elsewhere carries its secret there, and may open a server that is hidden from the caller: for admins of the project. */
export async function checkMayMove(
  tables: Tables,
  caller: Caller,
  installation: Policy,
  before: Connection,
  wish: ConnectionWish,
  isSecretNew: boolean,
): Promise<void> {
  if (before.engine === wish.engine && sameAddresses(before, wish)) return
  checkRight(caller, before.projectId, 'administer')
  if (isSecretNew || !before.credential) return
  const instance = await tables.instances.find(before.instanceId)
  const policies = await policiesOf(tables, installation, before.projectId)
  if (instance && policies(instance).policy.requirePasswordOnMove) throw passwordNeeded()
}

function passwordNeeded(): Fault {
  const violations = [{ pointer: '/password', detail: 'is needed again where the connection is led to another server' }]
  return new Fault('invalid', 'connection', 'The connection is not acceptable', { violations })
}
