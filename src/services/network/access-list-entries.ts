import type { AccessListEntry } from '../../domain/callers/access-list-entry.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { Store } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import { auditOf } from '../operations/audit.ts'
import { changeStore } from '../operations/store-change.ts'

export type EntryWish = Pick<AccessListEntry, 'network' | 'comment' | 'deleteAt'>

/** Client networks that a project's own list names. Rolecall keeps the list and tells it; it gates nothing on the database servers. */
export interface AccessListEntries {
  list(caller: Caller, projectId: string): Promise<readonly AccessListEntry[]>
  /** All of them, or none; what is there already gets the new comment and end. */
  set(caller: Caller, projectId: string, wished: readonly EntryWish[]): Promise<void>
  remove(caller: Caller, projectId: string, network: string): Promise<void>
}

export function createAccessListEntries(store: Store): AccessListEntries {
  async function list(caller: Caller, projectId: string): Promise<readonly AccessListEntry[]> {
    checkRight(caller, projectId, 'network')
    return store.read.accessListEntries.list(projectId, await store.now())
  }

  async function set(caller: Caller, projectId: string, wished: readonly EntryWish[]): Promise<void> {
    checkRight(caller, projectId, 'administer')
    await changeStore(store, async tables => {
      const at = await tables.now()
      for (const wish of wished) await tables.accessListEntries.set({ ...wish, projectId, createdAt: at })
      const detail = wished.map(({ network }) => network)
      await tables.audit.add(auditOf(caller, { projectId, action: 'network.set', subject: projectId, detail, at }))
    })
  }

  async function remove(caller: Caller, projectId: string, network: string): Promise<void> {
    checkRight(caller, projectId, 'administer')
    await changeStore(store, async tables => {
      if (!(await tables.accessListEntries.remove(projectId, network)))
        throw new Fault('not_found', 'request', `No entry ${network}`)
      const line = {
        projectId,
        action: 'network.remove',
        subject: projectId,
        detail: [network],
        at: await tables.now(),
      }
      await tables.audit.add(auditOf(caller, line))
    })
  }

  return { list, set, remove }
}
