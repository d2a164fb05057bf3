import type { RoleName } from './names.ts'

/** What a role lets its holder do, and where. */
export interface Definition {
  readonly privileges: readonly {
    readonly resource: Readonly<Record<string, string | boolean>>
    readonly actions: readonly string[]
  }[]
  readonly roles: readonly RoleName[]
}

const READ = [
  ...['changeStream', 'collStats', 'dbHash', 'dbStats', 'find', 'killCursors', 'listCollections', 'listIndexes'],
]
const WRITE = [
  ...['insert', 'update', 'remove', 'createCollection', 'createIndex', 'dropCollection', 'dropIndex'],
  ...['convertToCapped', 'renameCollectionSameDB'],
]

const COLLECTION_ROLE = /^rc\.(read|readWrite)\.([^.]+)\.(.+)$/s

const inAdmin = (role: string): RoleName => ({ role, db: 'admin' })

/** What `root` may and `userAdmin` may is left out: whoever has it can give itself nothing behind our back. */
const ATLAS_ADMIN: Definition = {
  privileges: [
    {
      resource: { db: '', collection: '' },
      actions: ['compact', 'killAnyCursor', 'splitChunk', 'moveChunk', 'viewRole'],
    },
    { resource: { cluster: true }, actions: ['cleanupOrphaned', 'flushRouterConfig'] },
    { resource: { db: 'config', collection: 'settings' }, actions: ['find', 'update'] },
  ],
  roles: ['readWriteAnyDatabase', 'dbAdminAnyDatabase', 'clusterMonitor', 'backup', 'enableSharding'].map(inAdmin),
}

const KILL_OP_SESSION: Definition = {
  privileges: [{ resource: { cluster: true }, actions: ['inprog', 'killop', 'killAnySession', 'listSessions'] }],
  roles: [],
}

const MANAGE_BALANCER: Definition = {
  privileges: [{ resource: { db: 'config', collection: 'settings' }, actions: ['find', 'insert', 'update'] }],
  roles: [],
}

const BY_NAME: Readonly<Record<string, Definition>> = {
  atlasAdmin: ATLAS_ADMIN,
  killOpSession: KILL_OP_SESSION,
  manageShardBalancer: MANAGE_BALANCER,
}

/**
 * Roles that are made when somebody first gets them: those that servers don't bring, and built-in ones narrowed to a collection, as
 * `rc.read.DATABASE.COLLECTION`. Undefined for every other.
 */
export function definitionOf({ role, db }: RoleName): Definition | undefined {
  if (db !== 'admin') return undefined
  const [, kind, database, collection] = COLLECTION_ROLE.exec(role) ?? []
  if (kind === undefined) return Object.hasOwn(BY_NAME, role) ? BY_NAME[role] : undefined
  const actions = kind === 'read' ? READ : [...READ, ...WRITE]
  return { privileges: [{ resource: { db: database!, collection: collection! }, actions }], roles: [] }
}

export const SYNTHESISED: readonly string[] = Object.keys(BY_NAME)
