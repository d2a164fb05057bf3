import type { Connection } from '../../domain/servers/connection.ts'
import type { Rows } from '../../domain/servers/data-source.ts'
import type { Engines } from '../../engines/registry.ts'
import type { Store } from '../../store/store.ts'
import { unlessLate } from '../links/patience.ts'
import { createWatch } from '../links/server-watch.ts'
import { passwordBehind, type TargetRules, targetOf } from '../links/targets.ts'
import { createTurns } from '../links/turns.ts'

/** Looks into tables. */
export interface TablePreviews {
  /** With the connection's own login, in its own database: what that login may not read is not shown. */
  of(connection: Connection, table: string, limit: number, signal: AbortSignal): Promise<Rows>
}

export interface PreviewParts {
  readonly store: Store
  readonly engines: Engines
  readonly rules: TargetRules
}

/** A preview is for a person who waits: so many look at a time, over all servers. */
const AT_ONCE = 4

export function createTablePreviews({ store, engines, rules }: PreviewParts): TablePreviews {
  const turns = createTurns(AT_ONCE)
  const watch = createWatch(store)
  const session = { installation: store.installation, operation: 'preview' }

  async function look(connection: Connection, table: string, limit: number, signal: AbortSignal): Promise<Rows> {
    using _turn = await turns.take(signal)
    const target = targetOf(connection, await passwordBehind(connection.credential, rules.credentials), rules)
    await using client = await engines.get(connection.engine).open(target, session, signal)
    const instance = await store.read.instances.find(connection.instanceId)
    // What another server has may be nobody's business here.
    if (instance) await watch.checkKnown(instance, client.server)
    return await client.previewTable(table, limit)
  }

  return { of: (connection, table, limit, signal) => unlessLate(signal, look(connection, table, limit, signal)) }
}
