import { type Static, Type } from 'typebox'
import { ENGINES, type EngineName } from '../../../domain/instance.ts'
import type { Policy } from '../../../domain/policy.ts'
import { Secret } from '../../../domain/secret.ts'
import type { EngineDescription } from '../../../engines/engine.ts'
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
import { CLUSTER_ENGINES, wordsOf } from '../engine-words.ts'

const Closed = { additionalProperties: false } as const

/** How Rolecall reaches the server: what the published API has no words for. Closed: a typing error never passes silently. */
export const Registration = Type.Optional(
  Type.Object(
    {
      name: Type.Optional(Type.String({ description: 'Of the connection; the name of the cluster, if left out' })),
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
    { ...Closed, description: 'Brings a server under management in the same call; scope `rolecall:register`' },
  ),
)

type Wanted = Static<typeof Registration>

/** Which engine is meant by this API's word for it; a variant has one of its own. */
export function engineNamed(
  word: string,
  describe: (engine: EngineName) => EngineDescription,
): { readonly engine: EngineName; readonly databaseType: string } | undefined {
  for (const engine of ENGINES.filter(name => CLUSTER_ENGINES.some(one => one === name))) {
    for (const variant of [undefined, ...describe(engine).variants]) {
      const server = { version: '', readOnly: false, seenAt: 0, variant }
      if (wordsOf({ engine, server }).engine === word)
        return { engine, databaseType: (variant ?? engine).toUpperCase() }
    }
  }
  return undefined
}

/** The slug is the region that was asked for, or clients would see another one. */
export function toWish(
  asked: NonNullable<Wanted>,
  cluster: { readonly name: string; readonly region?: string },
  type: { readonly engine: EngineName; readonly databaseType: string },
): ConnectionWish {
  const { name, slug, password, credential, hosts, tls, policy, ...same } = asked
  return {
    ...same,
    ...type,
    name: name ?? cluster.name,
    slug: slug ?? (cluster.region?.toLowerCase() || undefined),
    ...(password !== undefined && { password: new Secret(password) }),
    ...(credential !== undefined && { credential: toCredential(credential) }),
    ...(hosts && { hosts: hosts.map(toHostPort) }),
    ...(tls && { tls: toTls(tls) }),
    ...(policy && { policy: policy as Policy }),
  } as ConnectionWish
}
