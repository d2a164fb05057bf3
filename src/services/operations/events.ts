import { setTimeout as sleep } from 'node:timers/promises'
import type { Caller } from '../../domain/callers/caller.ts'
import type { AuditLine } from '../../domain/operations/audit.ts'
import type { Store } from '../../store/store.ts'
import { checkRight, viewerIn } from '../access/access.ts'
import type { Authentication } from '../callers/authentication.ts'

export interface Event extends AuditLine {
  readonly id: string
}

/** What happens in a project, as it happens: the lines of the audit. */
export interface Events {
  /** Every line after `after` (from now on without one) that the caller may see, in order, until `signal` aborts or its key or role ends. `undefined` every few seconds: nothing happened, still here. */
  follow(
    caller: Caller,
    projectId: string,
    after: string | undefined,
    signal: AbortSignal,
  ): AsyncIterable<Event | undefined>
}

/** How often the store is asked; any replica may have written. */
const POLL_MS = 500

/** A silent stream says that it lives this often, so that proxies keep it open. */
const HEARTBEAT_POLLS = 20

/** Lines that are read at a time. */
const AT_ONCE = 100

export function createEvents(store: Store, authentication: Pick<Authentication, 'again'>): Events {
  function follow(caller: Caller, projectId: string, after: string | undefined, signal: AbortSignal) {
    // Before anything is sent: a stream that has begun can't be refused any more.
    checkRight(caller, projectId, 'belong')
    return lines(caller, projectId, after, signal)
  }

  async function* lines(
    first: Caller,
    projectId: string,
    after: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Event | undefined> {
    let last = after ?? (await store.read.audit.lastId(projectId)) ?? ''
    for (let silent = 0; !signal.aborted; ) {
      const caller = await authentication.again(first)
      if (!caller?.roles.has(projectId)) return
      const newest = (await store.read.audit.lastId(projectId)) ?? ''
      const events =
        newest > last ? await store.read.audit.listAfter(projectId, last, AT_ONCE, viewerIn(caller, projectId)) : []
      yield* events
      // Lines that are hidden from this caller are not read again and again.
      last = events.length === AT_ONCE ? events[AT_ONCE - 1]!.id : newest > last ? newest : last
      silent = events.length > 0 ? 0 : silent + 1
      if (silent % HEARTBEAT_POLLS === 1) yield undefined
      if (events.length < AT_ONCE) await sleep(POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  return { follow }
}
