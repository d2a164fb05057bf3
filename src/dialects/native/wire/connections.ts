import { createHash, X509Certificate } from 'node:crypto'
import { type Static, Type } from 'typebox'
import type { Credential, HostPort, Tls } from '../../../domain/connection.ts'
import { Fault } from '../../../domain/fault.ts'
import { ENGINES } from '../../../domain/instance.ts'
import type { Policy } from '../../../domain/policy.ts'
import { Secret } from '../../../domain/secret.ts'
import type { TestOutcome, TypedConnection } from '../../../services/connection-tests.ts'
import type { ConnectionShown, ConnectionWish } from '../../../services/connections.ts'
import { Closed, PolicySchema, Time, toTime } from './common.ts'

const TlsBody = Type.Object(
  {
    mode: Type.Enum(['disable', 'require', 'verify-ca', 'verify-full']),
    ca: Type.Optional(Type.String({ maxLength: 65_536, description: 'PEM' })),
    serverName: Type.Optional(Type.String({ maxLength: 253 })),
    clientCertificate: Type.Optional(Type.String({ maxLength: 65_536, description: 'PEM' })),
    clientKey: Type.Optional(Type.String({ maxLength: 65_536, description: 'PEM; write-only' })),
  },
  Closed,
)

const TlsShown = Type.Object({
  mode: Type.String(),
  ca: Type.Optional(Type.String()),
  serverName: Type.Optional(Type.String()),
  clientCertificate: Type.Optional(Type.String()),
  hasClientKey: Type.Boolean(),
  fingerprints: Type.Array(Type.String({ description: 'SHA-256 of the certificates' })),
})

const Advertise = Type.Object(
  {
    host: Type.Optional(Type.String({ maxLength: 253 })),
    port: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
    privateHost: Type.Optional(Type.String({ maxLength: 253 })),
    privatePort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65_535 })),
  },
  Closed,
)

const Options = Type.Object(
  {
    connectTimeoutMs: Type.Optional(Type.Integer({ minimum: 1, maximum: 30_000, default: 5000 })),
    poolMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 100 })),
  },
  Closed,
)

const coordinates = {
  engine: Type.Enum([...ENGINES]),
  host: Type.String(),
  port: Type.Integer(),
  database: Type.String(),
  username: Type.String(),
}

const optional = {
  password: Type.Optional(Type.String({ maxLength: 1024, description: 'Kept sealed, never shown' })),
  credential: Type.Optional(
    Type.String({
      pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$',
      description: '`env:NAME` or `file:PATH`, read when it is needed',
    }),
  ),
  hosts: Type.Optional(Type.Array(Type.String({ description: '`host:port`' }), { maxItems: 32 })),
  authDatabase: Type.Optional(Type.String({ maxLength: 255 })),
  mechanism: Type.Optional(Type.String({ maxLength: 64 })),
  tls: Type.Optional(TlsBody),
  options: Type.Optional(Options),
}

const ofInstance = {
  instanceName: Type.Optional(Type.String()),
  slug: Type.Optional(Type.String()),
  version: Type.Optional(Type.String({ maxLength: 64 })),
  advertise: Type.Optional(Advertise),
  defaultDatabase: Type.Optional(Type.String({ maxLength: 255 })),
  accountHost: Type.Optional(Type.String({ maxLength: 255 })),
  policy: Type.Optional(PolicySchema),
  tags: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z0-9:_-]{1,255}$' }), { maxItems: 100 })),
  mode: Type.Optional(Type.Enum(['manage', 'observe'])),
}

export const NewConnection = Type.Object({ name: Type.String(), ...coordinates, ...optional, ...ofInstance }, Closed)
export const ConnectionPatch = Type.Partial(NewConnection, Closed)
export const TypedBody = Type.Object({ ...coordinates, ...optional }, Closed)

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
    options: Type.Optional(Options),
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
  const { password, credential, hosts, tls, policy, ...same } = body
  return {
    ...same,
    ...(same.engine && { databaseType: same.engine.toUpperCase() }),
    ...(password !== undefined && { password: new Secret(password) }),
    ...(credential !== undefined && { credential: toCredential(credential) }),
    ...(hosts && { hosts: hosts.map(toHostPort) }),
    ...(tls && { tls: toTls(tls) }),
    ...(policy && { policy: policy as Policy }),
  }
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

function toCredential(text: string): Credential {
  const rest = text.slice(text.indexOf(':') + 1)
  return text.startsWith('env:') ? { kind: 'env', name: rest } : { kind: 'file', path: rest }
}

function toTls({ clientKey, ...same }: Static<typeof TlsBody>): Tls {
  return { ...same, clientKey: clientKey === undefined ? undefined : new Secret(clientKey) }
}

function toHostPort(text: string): HostPort {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(text) ?? []
  if (host && port) return { host, port: Number(port) }
  throw new Fault('invalid', 'connection', 'Hosts are written host:port', {
    violations: [{ pointer: '/hosts', detail: 'write each as host:port' }],
  })
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
