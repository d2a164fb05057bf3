import { createHash, X509Certificate } from 'node:crypto'
import { type Static, Type } from 'typebox'
import { Fault } from '../domain/fault.ts'
import { Secret } from '../domain/secret.ts'
import type { Credential, HostPort, Tls } from '../domain/servers/connection.ts'
import type { Policy } from '../domain/servers/policy.ts'
import { PolicySchema } from './policy-fields.ts'

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

/** More addresses of one server, each `host:port`. */
export const Hosts = Type.Optional(Type.Array(Type.String({ description: '`host:port`' }), { maxItems: 32 }))

const CredentialField = Type.Optional(
  Type.String({
    pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$',
    description: '`env:NAME` or `file:PATH`, read when it is needed',
  }),
)

/** Where a server is, and as whom Rolecall logs in there. */
export const Coordinates = {
  host: Type.String(),
  port: Type.Integer(),
  database: Type.String(),
  username: Type.String(),
}

/** What a connection may say beside its coordinates. */
export const LinkFields = {
  password: Type.Optional(Type.String({ maxLength: 1024, description: 'Kept sealed, never shown' })),
  credential: CredentialField,
  hosts: Hosts,
  authDatabase: Type.Optional(Type.String({ maxLength: 255 })),
  mechanism: Type.Optional(Type.String({ maxLength: 64 })),
  tls: Type.Optional(Type.Object(TlsFields, Closed)),
  options: Type.Optional(Type.Object(LinkOptions, Closed)),
}

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

export const ModeField = Type.Optional(Type.Enum(['manage', 'observe']))

type Asked = Partial<Static<typeof AskedBody>>
const AskedBody = Type.Object({ ...LinkFields, policy: Type.Optional(PolicySchema) })

/** Only what was given: a field that is left out stays as it is. */
export function toConnectionFields<T extends Asked>(asked: T) {
  const { password, credential, hosts, tls, policy, ...same } = asked
  return {
    ...same,
    ...(password !== undefined && { password: new Secret(password) }),
    ...(credential !== undefined && { credential: toCredential(credential) }),
    ...(hosts && { hosts: hosts.map(toHostPort) }),
    ...(tls && { tls: toTls(tls) }),
    ...(policy && { policy: policy as Policy }),
  }
}

function toCredential(text: string): Credential {
  const rest = text.slice(text.indexOf(':') + 1)
  return text.startsWith('env:') ? { kind: 'env', name: rest } : { kind: 'file', path: rest }
}

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
