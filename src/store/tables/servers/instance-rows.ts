import type { EngineName, Instance, Mode, ServerFacts } from '../../../domain/servers/instance.ts'
import { fromJson, searchable, withNulls, withoutNulls, yesNo } from '../../context.ts'
import type { InstanceRow } from '../../rows/servers.ts'

export function toNewRow(instance: Instance): InstanceRow {
  return {
    ...toRow(instance),
    ...toServerRow(instance.server),
    ...withNulls({ managingConnectionId: instance.managingConnectionId }),
    ...withNulls({
      changedFingerprint: instance.changedServer?.fingerprint,
      changedSince: instance.changedServer?.since,
    }),
  }
}

/** Without what `see` and `setChangedServer` write: a change made meanwhile must not put an old look at the server back. */
export function toRow(instance: Instance) {
  return withNulls({
    id: instance.id,
    projectId: instance.projectId,
    engine: instance.engine as string,
    name: instance.name,
    slug: instance.slug,
    versionSlug: instance.versionSlug,
    mode: instance.mode as string,
    policy: JSON.stringify(instance.policy),
    tags: JSON.stringify(instance.tags),
    advertise: JSON.stringify(instance.advertise),
    accountHost: instance.accountHost,
    defaultDatabase: instance.defaultDatabase,
    leaving: yesNo(instance.leaving),
    createdAt: instance.createdAt,
    updatedAt: instance.updatedAt,
    version: instance.version,
    searchText: searchable(instance.name, instance.slug),
  })
}

export function toServerRow(server: ServerFacts | undefined) {
  return withNulls({
    serverVersion: server?.version,
    serverVariant: server?.variant,
    serverReadOnly: server && yesNo(server.readOnly),
    serverFingerprint: server?.fingerprint,
    serverSeenAt: server?.seenAt,
  })
}

export function instanceFrom(row: InstanceRow): Instance {
  const { id, projectId, name, slug, versionSlug, accountHost, defaultDatabase, ...rest } = withoutNulls(row)
  const { managingConnectionId, createdAt, updatedAt, version } = rest
  return withoutNulls({
    id,
    projectId,
    engine: row.engine as EngineName,
    name,
    slug,
    versionSlug,
    mode: row.mode as Mode,
    policy: fromJson<Instance['policy']>(row.policy),
    tags: fromJson<string[]>(row.tags),
    advertise: fromJson<Instance['advertise']>(row.advertise),
    accountHost,
    defaultDatabase,
    managingConnectionId,
    server: serverFrom(row),
    changedServer: changedFrom(row),
    leaving: row.leaving === 1,
    createdAt,
    updatedAt,
    version,
  })
}

function serverFrom(row: InstanceRow): ServerFacts | undefined {
  if (row.serverVersion === null || row.serverSeenAt === null) return undefined
  return withoutNulls({
    version: row.serverVersion,
    variant: row.serverVariant ?? undefined,
    readOnly: row.serverReadOnly === 1,
    fingerprint: row.serverFingerprint ?? undefined,
    seenAt: row.serverSeenAt,
  })
}

function changedFrom({ changedFingerprint, changedSince }: InstanceRow): Instance['changedServer'] {
  if (changedFingerprint === null || changedSince === null) return undefined
  return { fingerprint: changedFingerprint, since: changedSince }
}
