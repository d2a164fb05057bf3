import { type Static, Type } from 'typebox'
import type { EngineName } from '../../../domain/instance.ts'
import type { Policy } from '../../../domain/policy.ts'
import { Secret } from '../../../domain/secret.ts'
import type { ConnectionWish } from '../../../services/connections/connection-wish.ts'
import {
  CredentialField,
  Hosts,
  InstanceFields,
  LinkOptions,
  TlsFields,
  toCredential,
  toHostPort,
  toTls,
} from '../../connection-fields.ts'
import { DATASTORE_ENGINES } from '../datastores/datastores.ts'

const Closed = { additionalProperties: false } as const

const ConnectionFields = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'Of the connection; the name of the instance, if left out' })),
    engine: Type.Enum([...DATASTORE_ENGINES]),
    host: Type.String(),
    port: Type.Integer(),
    database: Type.String(),
    username: Type.String(),
    password: Type.Optional(Type.String({ maxLength: 1024, description: 'Kept sealed, never shown' })),
    credential: CredentialField,
    hosts: Hosts,
    authDatabase: Type.Optional(Type.String({ maxLength: 255 })),
    mechanism: Type.Optional(Type.String({ maxLength: 64 })),
    tls: Type.Optional(Type.Object(TlsFields, Closed)),
    options: Type.Optional(Type.Object(LinkOptions, Closed)),
    ...InstanceFields,
    mode: Type.Optional(Type.Enum(['manage', 'observe'])),
  },
  Closed,
)

/** How Rolecall reaches the server: what the published API has no words for. Closed: a typing error never passes silently. */
export const Registration = Type.Optional(
  Type.Object(
    { connection: ConnectionFields },
    { ...Closed, description: 'Brings a server under management in the same call' },
  ),
)

export function toConnectionWish(asked: Static<typeof ConnectionFields>, instanceName: string): ConnectionWish {
  const { name = instanceName, engine, password, credential, hosts, tls, policy, ...same } = asked
  return {
    ...same,
    name,
    engine: engine as EngineName,
    databaseType: engine.toUpperCase(),
    ...(password !== undefined && { password: new Secret(password) }),
    ...(credential !== undefined && { credential: toCredential(credential) }),
    ...(hosts && { hosts: hosts.map(toHostPort) }),
    ...(tls && { tls: toTls(tls) }),
    ...(policy && { policy: policy as Policy }),
  } as ConnectionWish
}
