import { type Static, Type } from 'typebox'
import { ACCESS, type Access } from '../../../domain/callers/access.ts'
import type { Connection } from '../../../domain/servers/connection.ts'
import type { ConnectionWish } from '../../../services/connections/connection-wish.ts'
import {
  fromTls,
  Hosts,
  InstanceFields,
  LinkOptions,
  TlsFields,
  TlsShown,
  toHostPort,
  toTls,
} from '../../connection-fields.ts'

const connectionOptions = {
  ...LinkOptions,
  hosts: Hosts,
  authDatabase: Type.Optional(Type.String({ maxLength: 255 })),
  mechanism: Type.Optional(Type.String({ maxLength: 64 })),
}

/** Closed: a typing error in an option never passes silently. */
const OptionsWish = Type.Object({ ...connectionOptions, ...InstanceFields }, { additionalProperties: false })

/** What the published API has no words for; taken from everybody. Open, so that what was read can be sent back. */
export const RolecallWish = Type.Object(
  { tls: Type.Optional(Type.Object(TlsFields)), options: Type.Optional(OptionsWish) },
  { $id: 'RolecallConnectionInput', description: 'What the published API has no words for' },
)

const Time = Type.String({ format: 'date-time' })

/** Shown to callers that ask with `view=rolecall`. */
export const RolecallBody = Type.Object(
  {
    organisation: Type.String(),
    instance: Type.String({ description: 'The server that it leads to' }),
    createdTime: Time,
    lastUpdatedTime: Time,
    version: Type.Integer(),
    tls: Type.Optional(TlsShown),
    options: Type.Object(connectionOptions),
    state: Type.Enum(['ENABLED', 'DISABLED']),
    lastTest: Type.Optional(
      Type.Object({ outcome: Type.Enum(['SUCCESS', 'FAILURE']), detail: Type.Optional(Type.String()), time: Time }),
    ),
    access: Type.Enum([...ACCESS]),
  },
  { $id: 'RolecallConnection' },
)

/** Only what was given: what is left out stays as it is. */
export function toRolecallWish(wish: Static<typeof RolecallWish> | undefined): Partial<ConnectionWish> {
  const { connectTimeoutMs, poolMax, hosts, ...others } = wish?.options ?? {}
  const link = Object.entries({ connectTimeoutMs, poolMax }).filter(([, value]) => value !== undefined)
  return {
    ...(others as Partial<ConnectionWish>),
    ...(link.length > 0 && { options: Object.fromEntries(link) }),
    ...(hosts && { hosts: hosts.map(toHostPort) }),
    ...(wish?.tls && { tls: toTls(wish.tls) }),
  }
}

export function fromRolecall(connection: Connection, access: Access) {
  const { projectId, instanceId, version, tls, lastTest } = connection
  return {
    organisation: projectId,
    instance: instanceId,
    createdTime: toTime(connection.createdAt),
    lastUpdatedTime: toTime(connection.updatedAt),
    version,
    tls: tls && fromTls(tls),
    options: fromOptions(connection),
    state: 'ENABLED',
    lastTest: lastTest && { outcome: lastTest.outcome, detail: lastTest.detail, time: toTime(lastTest.at) },
    access,
  }
}

function fromOptions({ options, hosts, authDatabase, mechanism }: Connection) {
  const addresses = hosts.length > 0 ? hosts.map(({ host, port }) => `${host}:${port}`) : undefined
  return { ...options, hosts: addresses, authDatabase, mechanism }
}

function toTime(at: number): string {
  return new Date(at).toISOString()
}
