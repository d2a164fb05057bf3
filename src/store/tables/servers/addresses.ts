import { addressesOf, type Connection, type HostPort } from '../../../domain/servers/connection.ts'
import type { Context } from '../../context.ts'
import type { InstanceRow } from '../../rows/servers.ts'

/** Host names are the same in any case. */
const hostKey = (host: string): string => host.toLowerCase()

/** Writes down which addresses a connection leads to, in place of those it led to before. */
export async function setAddresses({ db }: Context, connection: Connection): Promise<void> {
  await db.deleteFrom('instanceAddresses').where('connectionId', '=', connection.id).execute()
  const { id: connectionId, projectId, engine, instanceId } = connection
  const rows = addressesOf(connection).map(({ host, port }) => {
    return { projectId, engine, host: hostKey(host), port, instanceId, connectionId }
  })
  const insert = db.insertInto('instanceAddresses').values(rows)
  await insert.onConflict(twice => twice.columns(['connectionId', 'host', 'port']).doNothing()).execute()
}

export async function findByAddress(
  context: Context,
  projectId: string,
  engine: string,
  addresses: readonly HostPort[],
): Promise<InstanceRow | undefined> {
  await queueForProject(context, projectId)
  const { db } = context
  return await db
    .selectFrom('instanceAddresses as a')
    .innerJoin('instances as i', 'i.id', 'a.instanceId')
    .selectAll('i')
    .where('a.projectId', '=', projectId)
    .where('a.engine', '=', engine)
    .where(eb =>
      eb.or(addresses.map(({ host, port }) => eb.and([eb('a.host', '=', hostKey(host)), eb('a.port', '=', port)]))),
    )
    .orderBy('i.createdAt')
    .orderBy('i.id')
    .limit(1)
    .executeTakeFirst()
}

export async function twinsOf({ db }: Context, id: string, projectId: string): Promise<readonly string[]> {
  const byAddress = db
    .selectFrom('instanceAddresses as own')
    .innerJoin('instanceAddresses as other', join =>
      join
        .onRef('other.engine', '=', 'own.engine')
        .onRef('other.host', '=', 'own.host')
        .onRef('other.port', '=', 'own.port'),
    )
    .select('other.instanceId')
    .where('own.instanceId', '=', id)
    .where('other.projectId', '=', projectId)
  const byFingerprint = db
    .selectFrom('instanceFingerprints as own')
    .innerJoin('instanceFingerprints as other', 'other.fingerprint', 'own.fingerprint')
    .innerJoin('instances as i', 'i.id', 'other.instanceId')
    .select('other.instanceId')
    .where('own.instanceId', '=', id)
    .where('i.projectId', '=', projectId)
  const found = await byAddress.union(byFingerprint).execute()
  return found.map(({ instanceId }) => instanceId).sort()
}

/**
 * Two connections to one new server, made at the same moment on two replicas, must not make two instances: whoever asks here in a
 * transaction waits for the other's end. SQLite has one writer anyway.
 */
async function queueForProject({ db, locking, words }: Context, projectId: string): Promise<void> {
  if (!locking || !words.rowLocks) return
  await db.selectFrom('projects').select('id').where('id', '=', projectId).forNoKeyUpdate().execute()
}
