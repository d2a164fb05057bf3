import { createHash, X509Certificate } from 'node:crypto'
import { type Static, Type } from 'typebox'
import type { Credential, HostPort, Tls } from '../domain/connection.ts'
import { Fault } from '../domain/fault.ts'
import { BUILT_IN_POLICY } from '../domain/policy.ts'
import { Secret } from '../domain/secret.ts'

/** Fields of a connection that more than one dialect takes under the same names. Objects are closed: a typing error never passes silently. */
const Closed = { additionalProperties: false } as const

export const TlsFields = {
  mode: Type.Enum(['disable', 'require', 'verify-ca', 'verify-full']),
  ca: Type.Optional(Type.String({ maxLength: 65_536, description: 'PEM' })),
  serverName: Type.Optional(Type.String({ maxLength: 253 })),
  clientCertificate: Type.Optional(Type.String({ maxLength: 65_536, description: 'PEM' })),
  clientKey: Type.Optional(Type.String({ maxLength: 65_536, description: 'PEM; write-only' })),
}
const TlsBody = Type.Object(TlsFields)

export const TlsShown = Type.Object({
  mode: Type.String(),
  ca: Type.Optional(Type.String()),
  serverName: Type.Optional(Type.String()),
  clientCertificate: Type.Optional(Type.String()),
  hasClientKey: Type.Boolean(),
  fingerprints: Type.Array(Type.String({ description: 'SHA-256 of the certificates' })),
})

export const Advertise = Type.Object(
  {
    host: Type.Optional(Type.String({ maxLength: 253 })),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    privateHost: Type.Optional(Type.String({ maxLength: 253 })),
    privatePort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  },
  Closed,
)

/** How we connect. */
export const LinkOptions = {
  connectTimeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 30_000, default: 5000 })),
  poolMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
}

/** The levels at which a policy may be said share this schema. */
export const PolicySchema = Type.Object(
  {
    minPasswordLength: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1024, default: BUILT_IN_POLICY.minPasswordLength }),
    ),
    maxLifeDays: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 36_500,
        description: 'Days after which a new login goes at the latest; 0: it may stay',
      }),
    ),
    onOwned: Type.Optional(
      Type.String({
        pattern: '^(refuse|drop|reassign:.+)$',
        description: 'What a drop does with objects the user owns',
      }),
    ),
    allowOwnedDrop: Type.Optional(Type.Boolean()),
    forceDropDatabase: Type.Optional(Type.Boolean()),
    manageExisting: Type.Optional(
      Type.Boolean({ description: 'May logins that others made be reset, locked or dropped' }),
    ),
    closePublic: Type.Optional(Type.Boolean()),
    newUserGrants: Type.Optional(Type.Enum(['none', 'read', 'readwrite', 'owner'])),
    passwordRecall: Type.Optional(Type.Enum(['never', 'stored'])),
    requirePasswordOnMove: Type.Optional(
      Type.Boolean({ description: 'A connection is led to another server only with its password typed again' }),
    ),
    onDelete: Type.Optional(Type.Enum(['release', 'refuse'])),
  },
  Closed,
)

/** Fields that belong to the instance which the connection makes or joins. */
export const InstanceFields = {
  instanceName: Type.Optional(Type.String()),
  slug: Type.Optional(Type.String()),
  version: Type.Optional(Type.String({ maxLength: 64 })),
  advertise: Type.Optional(Advertise),
  defaultDatabase: Type.Optional(Type.String({ maxLength: 255 })),
  accountHost: Type.Optional(Type.String({ maxLength: 255 })),
  policy: Type.Optional(PolicySchema),
  tags: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z0-9:_-]{1,255}$' }), { maxItems: 100 })),
}

export const CredentialField = Type.Optional(
  Type.String({
    pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$',
    description: '`env:NAME` or `file:PATH`, read when it is needed',
  }),
)

export function toCredential(text: string): Credential {
  const rest = text.slice(text.indexOf(':') + 1)
  return text.startsWith('env:') ? { kind: 'env', name: rest } : { kind: 'file', path: rest }
}

/** More addresses of one server, each `host:port`. */
export const Hosts = Type.Optional(Type.Array(Type.String({ description: '`host:port`' }), { maxItems: 32 }))

export function toHostPort(text: string): HostPort {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host && port) return { host, port: Number(port) }
  throw new Fault('invalid', 'connection', 'Hosts are written host:port', {
    violations: [{ pointer: '/hosts', detail: 'must be written host:port, each of them' }],
  })
}

export function toTls({ mode, ca, serverName, clientCertificate, clientKey }: Static<typeof TlsBody>): Tls {
  const same = { mode, ca, serverName, clientCertificate }
  return { ...same, clientKey: clientKey === undefined ? undefined : new Secret(clientKey) }
}

/** The private key is never shown, only that there is one. */
export function fromTls({ mode, ca, serverName, clientCertificate, clientKey }: Tls) {
  const fingerprints = [ca, clientCertificate].flatMap(pem => (pem ? [fingerprintOf(pem)] : []))
  return { mode, ca, serverName, clientCertificate, hasClientKey: clientKey !== undefined, fingerprints }
}

function fingerprintOf(pem: string): string {
  try {
    return new X509Certificate(pem).fingerprint256
  } catch {
    return createHash('sha256').update(pem).digest('hex')
  }
}
