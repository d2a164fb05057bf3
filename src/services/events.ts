import { setTimeout as sleep } from 'node:timers/promises'
import type { AuditLine } from '../domain/audit.ts'
import type { Caller } from '../domain/caller.ts'
import type { Store } from '../store/store.ts'
import { checkRight } from './access.ts'

export interface Event extends AuditLine {
  readonly id: string
}

/** What happens in a project, as it happens: the lines of the audit. */
export interface Events {
  /** Every line after `after` (from now on without one), in order, until `signal` aborts. `undefined` every few seconds: nothing happened, still here. */
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

export function createEvents(store: Store): Events {
  async function* follow(
    caller: Caller,
    projectId: string,
    after: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Event | undefined> {
    checkRight(caller, projectId, 'read')
    let last = after ?? (await store.read.audit.lastId(projectId)) ?? ''
    for (let silent = 0; !signal.aborted; ) {
      const events = await store.read.audit.listAfter(projectId, last, 100)
      yield* events
      last = events[events.length - 1]?.id ?? last
      silent = events.length > 0 ? 0 : silent + 1
      if (silent % HEARTBEAT_POLLS === 1) yield undefined
      if (events.length < 100) await sleep(POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  return { follow }
}
