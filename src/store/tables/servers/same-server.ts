import type { Context } from '../../context.ts'

/** Connections to other instances whose servers have said of themselves what this instance's did. */
export function atSameFingerprint({ db }: Context, instanceId: string) {
  return db
    .selectFrom('instanceFingerprints as own')
    .innerJoin('instanceFingerprints as other', 'other.fingerprint', 'own.fingerprint')
    .innerJoin('connections as c', 'c.instanceId', 'other.instanceId')
    .select('c.id')
    .where('own.instanceId', '=', instanceId)
    .where('other.instanceId', '!=', instanceId)
}

/** Connections to other instances of the engine, by one of the same ports, where one of the two servers has nothing to say of itself. */
export function atSamePort({ db }: Context, instanceId: string) {
  const own = db.selectFrom('instanceFingerprints').select('fingerprint').where('instanceId', '=', instanceId)
  return db
    .selectFrom('instanceAddresses as own')
    .innerJoin('instanceAddresses as other', join =>
      join.onRef('other.engine', '=', 'own.engine').onRef('other.port', '=', 'own.port'),
    )
    .leftJoin('instanceFingerprints as f', 'f.instanceId', 'other.instanceId')
    .select('other.connectionId as id')
    .where('own.instanceId', '=', instanceId)
    .where('other.instanceId', '!=', instanceId)
    .where(eb => eb.or([eb('f.fingerprint', 'is', null), eb.not(eb.exists(own))]))
}
