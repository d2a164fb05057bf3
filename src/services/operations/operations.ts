import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { Operation, TargetOutcome } from '../../domain/operations/operation.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Right } from '../../domain/users/role.ts'
import type { OperationFilter } from '../../store/interface/operations.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkRight, findOperation, viewerIn } from '../access/access.ts'
import type { Links } from '../links/links.ts'
import { auditOf } from './audit.ts'
import { changeStore } from './store-change.ts'

/** How long abandoning waits for the server to end what an attempt may still be doing. */
const END_SESSION_MS = 5_000

/** What the ledger holds: changes under way, done, undone and stuck. */
export interface Operations {
  list(caller: Caller, filter: OperationFilter, page: KeyPage): Promise<Page<Operation>>
  get(caller: Caller, projectId: string, id: string): Promise<Operation>
  /** Lets the worker try a stuck one at once. */
  retry(caller: Caller, projectId: string, id: string): Promise<Operation>
  /** Gives an open one up: it is kept, named, and nobody looks after it any more. */
  abandon(caller: Caller, projectId: string, id: string): Promise<Operation>
  /** The answer that its own caller did not get, once. */
  takeAnswer(
    caller: Caller,
    projectId: string,
    id: string,
  ): Promise<{ readonly operation: Operation; readonly outcomes: readonly TargetOutcome[] }>
  /** The client took the answer's last byte. */
  delivered(id: string): Promise<void>
}

export interface OperationParts {
  readonly store: Store
  readonly links: Links
  readonly wake: () => void
}

export function createOperations({ store, links, wake }: OperationParts): Operations {
  async function list(caller: Caller, filter: OperationFilter, page: KeyPage): Promise<Page<Operation>> {
    checkRight(caller, filter.projectId, 'read')
    return store.read.operations.list({ ...filter, visibleTo: viewerIn(caller, filter.projectId) }, page)
  }

  async function allow(caller: Caller, projectId: string, id: string, right: Right): Promise<Operation> {
    checkRight(caller, projectId, 'read')
    const operation = await findOperation(store.read, caller, id)
    if (operation?.projectId !== projectId) throw noOperation(id)
    checkRight(caller, projectId, right)
    return operation
  }

  async function retry(caller: Caller, projectId: string, id: string): Promise<Operation> {
    await allow(caller, projectId, id, 'change')
    const hurried = await changeStore(store, async tables => {
      const waiting = await tables.operations.hurry(id, await tables.now())
      if (!waiting) throw new Fault('conflict', 'operation', 'Only a stuck operation can be retried')
      return mustFind(tables, id)
    })
    wake()
    return hurried
  }

  async function abandon(caller: Caller, projectId: string, id: string): Promise<Operation> {
    await allow(caller, projectId, id, 'administer')
    const abandoned = await changeStore(store, async tables => {
      const now = await tables.now()
      const open = await tables.operations.abandon(id, caller.operator.id, now)
      if (!open) throw new Fault('conflict', 'operation', 'Only an open operation can be abandoned')
      await tables.projectRecords.undo(id)
      await tables.audit.add({
        ...auditOf(caller, { projectId, action: 'operation.abandon', subject: id, detail: [], at: now }),
        operationId: id,
      })
      return mustFind(tables, id)
    })
    await endAttempts(abandoned)
    return abandoned
  }

  /** What an attempt has sent may still take effect: its sessions go as well, unless their server is away. */
  async function endAttempts({ id, targets }: Operation): Promise<void> {
    const session = { installation: store.installation, operation: id }
    const signal = AbortSignal.timeout(END_SESSION_MS)
    await Promise.allSettled(targets.map(({ instanceId }) => links.endSession(instanceId, session, signal)))
  }

  async function takeAnswer(caller: Caller, projectId: string, id: string) {
    // It may hold a password: a weaker key of the same operator must not fetch it.
    const operation = await allow(caller, projectId, id, 'recall')
    const outcomes = await store.transaction(async tables =>
      tables.operations.takeAnswer(id, caller.operator.id, await tables.now()),
    )
    if (!outcomes) throw new Fault('not_found', 'operation', 'There is no answer of yours waiting here')
    return { operation, outcomes }
  }

  return {
    list,
    get: (caller, projectId, id) => allow(caller, projectId, id, 'read'),
    retry,
    abandon,
    takeAnswer,
    delivered: id => store.transaction(tables => tables.operations.delivered(id)),
  }
}

async function mustFind(tables: Tables, id: string): Promise<Operation> {
  const operation = await tables.operations.find(id)
  if (!operation) throw noOperation(id)
  return operation
}

function noOperation(id: string): Fault {
  return new Fault('not_found', 'operation', `No operation ${id}`)
}
