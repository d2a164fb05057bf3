import type { Privilege } from '../../../domain/users/role-definition.ts'
import type { RoleName } from './names.ts'
import { narrowedAs } from './narrowed.ts'

/** What a role lets its holder do, and where. */
export interface Definition {
  readonly privileges: readonly Privilege[]
  readonly roles: readonly RoleName[]
}

const READ = [
  ...['changeStream', 'collStats', 'dbHash', 'dbStats', 'find', 'killCursors', 'listCollections', 'listIndexes'],
  'listSearchIndexes',
]
const WRITE = [
  ...['insert', 'update', 'remove', 'createCollection', 'createIndex', 'dropCollection', 'dropIndex'],
  ...['convertToCapped', 'renameCollectionSameDB', 'createSearchIndexes', 'dropSearchIndex', 'updateSearchIndex'],
]

const inAdmin = (role: string): RoleName => ({ role, db: 'admin' })
const EVERYWHERE = { db: '', collection: '' } as const
const CLUSTER = { cluster: true } as const
const BALANCER = { db: 'config', collection: 'settings' } as const

/** What `root` may and `userAdmin` may is left out: whoever has it can give itself nothing behind our back. */
const ATLAS_ADMIN: Definition = {
  privileges: [
    {
      resource: EVERYWHERE,
      actions: [
        ...['analyzeShardKey', 'clearJumboFlag', 'compact', 'killAnyCursor', 'moveChunk', 'refineCollectionShardKey'],
        ...['reshardCollection', 'splitChunk', 'viewRole'],
      ],
    },
    {
      resource: CLUSTER,
      actions: [
        ...['autoCompact', 'checkMetadataConsistency', 'cleanupOrphaned', 'flushRouterConfig', 'querySettings'],
        'shardedDataDistribution',
      ],
    },
    { resource: BALANCER, actions: ['find', 'update'] },
  ],
  roles: ['readWriteAnyDatabase', 'dbAdminAnyDatabase', 'clusterMonitor', 'backup', 'enableSharding'].map(inAdmin),
}

const only = (...privileges: readonly Privilege[]): Definition => ({ privileges, roles: [] })

const BY_NAME: Readonly<Record<string, Definition>> = {
  atlasAdmin: ATLAS_ADMIN,
  killOpSession: only({
    resource: CLUSTER,
    actions: ['inprog', 'killop', 'killAnySession', 'killCursors', 'listSessions'],
  }),
  autoCompact: only({ resource: CLUSTER, actions: ['autoCompact'] }, { resource: EVERYWHERE, actions: ['compact'] }),
  manageShardBalancer: only({ resource: BALANCER, actions: ['find', 'insert', 'update'] }),
  // A server may bring it without telling of it anywhere.
  enableSharding: only({ resource: EVERYWHERE, actions: ['enableSharding'] }),
}

/**
 * Roles that are made when somebody first gets them: those that servers don't bring, and built-in ones narrowed to a collection.
 * Undefined for every other.
 */
export function definitionOf(name: RoleName): Definition | undefined {
  if (name.db !== 'admin') return undefined
  const narrowed = narrowedAs(name)
  if (!narrowed) return Object.hasOwn(BY_NAME, name.role) ? BY_NAME[name.role] : undefined
  const { kind, db, collection } = narrowed
  return only({ resource: { db, collection }, actions: kind === 'read' ? READ : [...READ, ...WRITE] })
}

export const SYNTHESISED: readonly string[] = Object.keys(BY_NAME)
