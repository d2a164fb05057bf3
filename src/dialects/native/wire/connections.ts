import { type Static, Type } from 'typebox'
import { Secret } from '../../../domain/secret.ts'
import type { Credential } from '../../../domain/servers/connection.ts'
import { ENGINES } from '../../../domain/servers/instance.ts'
import type { TestOutcome, TypedConnection } from '../../../services/connections/connection-tests.ts'
import type { ConnectionWish } from '../../../services/connections/connection-wish.ts'
import type { ConnectionShown } from '../../../services/connections/connections.ts'
import {
  Coordinates,
  fromTls,
  InstanceFields,
  LinkFields,
  ModeField,
  TlsShown,
  toConnectionFields,
  toHostPort,
  toTls,
} from '../../connection-fields.ts'
import { Closed, Time, toTime } from './common.ts'

const coordinates = { engine: Type.Enum([...ENGINES]), ...Coordinates }

export const NewConnection = Type.Object(
  { name: Type.String(), ...coordinates, ...LinkFields, ...InstanceFields, mode: ModeField },
  Closed,
)
export const ConnectionPatch = Type.Partial(NewConnection, Closed)
export const TypedBody = Type.Object({ ...coordinates, ...LinkFields }, Closed)

export const ConnectionBody = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    ...coordinates,
    instance: Type.String({ description: 'Id of the instance it leads to' }),
    manages: Type.Boolean({ description: 'True for the one connection that manages the instance' }),
    credential: Type.Optional(Type.String()),
    hosts: Type.Array(Type.String()),
    authDatabase: Type.Optional(Type.String()),
    mechanism: Type.Optional(Type.String()),
    tls: Type.Optional(TlsShown),
    options: LinkFields.options,
    instanceName: Type.String(),
    slug: Type.String(),
    version: Type.Optional(Type.String()),
    missingRights: Type.Optional(Type.Array(Type.String())),
    lastTest: Type.Optional(Type.Object({ outcome: Type.String(), detail: Type.Optional(Type.String()), at: Time })),
    createdAt: Time,
    updatedAt: Time,
  },
  { $id: 'Connection' },
)

export function toWish(body: Static<typeof NewConnection>): ConnectionWish {
  return {
    ...toPatch(body),
    name: body.name,
    engine: body.engine,
    databaseType: body.engine.toUpperCase(),
  } as ConnectionWish
}

/** Only what was given: a field that is left out stays as it is. */
export function toPatch(body: Static<typeof ConnectionPatch>): Partial<ConnectionWish> {
  return { ...toConnectionFields(body), ...(body.engine && { databaseType: body.engine.toUpperCase() }) }
}

export function toTyped(body: Static<typeof TypedBody>): TypedConnection {
  const { engine, host, port, database, username, authDatabase, mechanism, password } = body
  const same = { engine, databaseType: engine.toUpperCase(), host, port, database, username, authDatabase, mechanism }
  const secret = password === undefined ? undefined : new Secret(password)
  return {
    ...same,
    hosts: (body.hosts ?? []).map(toHostPort),
    tls: body.tls && toTls(body.tls),
    options: body.options ?? {},
    password: secret,
  }
}

export function fromConnection({ connection, instance }: ConnectionShown) {
  const {
    id,
    name,
    engine,
    host,
    port,
    database,
    username,
    authDatabase,
    mechanism,
    options,
    missingRights,
    lastTest,
  } = connection
  return {
    id,
    name,
    engine,
    host,
    port,
    database,
    username,
    instance: instance.id,
    manages: instance.managingConnectionId === id,
    credential: fromCredential(connection.credential),
    hosts: connection.hosts.map(one => `${one.host}:${one.port}`),
    authDatabase,
    mechanism,
    tls: connection.tls && fromTls(connection.tls),
    options,
    instanceName: instance.name,
    slug: instance.slug,
    version: instance.versionSlug,
    missingRights,
    lastTest: lastTest && { outcome: lastTest.outcome, detail: lastTest.detail, at: toTime(lastTest.at) },
    createdAt: toTime(connection.createdAt),
    updatedAt: toTime(connection.updatedAt),
  }
}

/** References are shown; what is sealed is not, beyond that it is. */
function fromCredential(credential: Credential | undefined): string | undefined {
  if (!credential) return undefined
  if (credential.kind === 'env') return `env:${credential.name}`
  return credential.kind === 'file' ? `file:${credential.path}` : credential.kind
}

export const TestBody = Type.Object(
  {
    outcome: Type.Enum(['SUCCESS', 'FAILURE']),
    detail: Type.Optional(Type.String()),
    version: Type.Optional(Type.String()),
    variant: Type.Optional(Type.String()),
    readOnly: Type.Optional(Type.Boolean()),
    fingerprint: Type.Optional(Type.String()),
    missingRights: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'ConnectionTest' },
)

export function fromTest({ outcome, detail, server, missingRights }: TestOutcome) {
  const { version, variant, readOnly, fingerprint } = server ?? {}
  return { outcome, detail, version, variant, readOnly, fingerprint, missingRights }
}
