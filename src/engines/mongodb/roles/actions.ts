import type { Privilege } from '../../../domain/users/role-definition.ts'
import type { Link } from '../link/link.ts'
import type { Document } from '../link/session.ts'

/** Actions that only some versions have: one that a server does not know makes it refuse the whole role. */
const NOT_EVERYWHERE: ReadonlySet<string> = new Set([
  ...[
    'analyzeShardKey',
    'autoCompact',
    'bypassDefaultMaxTimeMS',
    'bypassWriteBlockingMode',
    'checkMetadataConsistency',
  ],
  ...['compactStructuredEncryptionData', 'createSearchIndexes', 'dropSearchIndex', 'updateSearchIndex'],
  ...[
    'listSearchIndexes',
    'moveCollection',
    'moveRange',
    'querySettings',
    'refineCollectionShardKey',
    'reshardCollection',
  ],
  ...['setUserWriteBlockMode', 'shardedDataDistribution', 'transitionFromDedicatedConfigServer', 'unshardCollection'],
])

/** What the server knows of them: the role that may do everything names them all. Undefined where it does not say. */
export async function readActions(link: Link, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
  const { roles } = await link.ask(signal, 'admin', { rolesInfo: { role: 'root', db: 'admin' }, showPrivileges: true })
  const [root] = roles as readonly Document[]
  const privileges: readonly Document[] = root?.inheritedPrivileges ?? root?.privileges ?? []
  const actions = privileges.flatMap(privilege => privilege.actions as readonly string[])
  return actions.length > 0 ? new Set(actions) : undefined
}

/** Leaves out what the server does not know. */
export function knownOf(
  privileges: readonly Privilege[],
  actions: ReadonlySet<string> | undefined,
): readonly Privilege[] {
  if (!actions) return privileges
  return privileges
    .map(({ resource, actions: wanted }) => ({ resource, actions: wanted.filter(one => isThere(one, actions)) }))
    .filter(one => one.actions.length > 0)
}

function isThere(action: string, actions: ReadonlySet<string>): boolean {
  return !NOT_EVERYWHERE.has(action) || actions.has(action)
}
