import { randomUUID } from 'node:crypto'
import { Fault } from '../../domain/fault.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { Change } from '../../domain/users/change.ts'
import type { Expiry } from '../../domain/users/expiry.ts'
import { type UserKey, userKeyFrom } from '../../domain/users/user.ts'
import type { Facts } from '../../engines/engine.ts'
import type { Order, OrderTarget } from '../../ledger/order.ts'
import type { Tables } from '../../store/store.ts'
import { noUser } from './users.ts'

/** Who does it, in the ledger and in the audit. */
export const EXPIRY_OPERATOR = { id: 'rolecall', username: 'rolecall' } as const

/** Makes the orders that carry out the ends of logins of one instance, each order as one operation. */
export interface ExpiryOrders {
  /** What an order throws where a login is not there any more. */
  readonly nobody: Fault
  /** What it throws where nothing tells a login from another of its name. */
  readonly unknown: Fault
  /** What it throws where a login has another end by now. */
  readonly moved: Fault
  /** `check` throws why a login may not go after all. */
  of(change: (key: UserKey, incarnation: string) => Change, check?: (facts: Facts) => void): Order
}

/** `keyOf`: what a login is called now. */
export function ordersOn(
  instance: Instance,
  expiries: readonly Expiry[],
  signal: AbortSignal,
  keyOf = ({ key }: Expiry): UserKey => userKeyFrom(key),
): ExpiryOrders {
  const { name } = keyOf(expiries[0]!)
  const nobody = noUser({ name })
  const unknown = new Fault('precondition_failed', 'user', `Nothing tells ${name} from another login of its name`)
  const moved = new Fault('precondition_failed', 'user', `The end of ${name} has been moved`)
  const caller = {
    operator: EXPIRY_OPERATOR,
    address: '127.0.0.1',
    dialect: 'system',
    requestId: randomUUID(),
  } as const

  const of: ExpiryOrders['of'] = (change, check) => {
    const target = (expiry: Expiry): OrderTarget => ({
      instanceId: instance.id,
      change: change(keyOf(expiry), expiry.incarnation),
      wish: { username: EXPIRY_OPERATOR.username },
      keepHalf: true,
      ifMissing: nobody,
      check: facts => {
        if (facts.incarnation === undefined) throw unknown
        if (facts.incarnation !== expiry.incarnation) throw nobody
        check?.(facts)
      },
    })
    const confirm = async (tables: Tables) => {
      if (!(await areUnmoved(tables, instance, expiries))) throw moved
    }
    return { caller, projectId: instance.projectId, targets: expiries.map(target), signal, confirm }
  }

  return { nobody, unknown, moved, of }
}

async function areUnmoved(tables: Tables, { id }: Instance, expiries: readonly Expiry[]): Promise<boolean> {
  const keys = expiries.map(({ key }) => key)
  const known = await tables.expiries.findMany(id, keys)
  return expiries.every(({ key, due, incarnation }) => {
    const now = known.get(key)
    return now?.due === due && now.incarnation === incarnation
  })
}
