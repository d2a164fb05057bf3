import { type Static, Type } from 'typebox'
import { ENGINES, type Instance } from '../../../domain/servers/instance.ts'
import type { Policy } from '../../../domain/servers/policy.ts'
import type { EngineDescription } from '../../../engines/engine.ts'
import type { CheckOutcome, InstanceShown, InstanceWish } from '../../../services/instances/instances.ts'
import { Advertise } from '../../connection-fields.ts'
import { PolicySchema } from '../../policy-fields.ts'
import { SIGHTS } from '../../sights.ts'
import { Closed, Time, toTime } from './common.ts'

const nullable = (maxLength: number) => Type.Optional(Type.Union([Type.String({ maxLength }), Type.Null()]))

export const InstancePatch = Type.Object(
  {
    name: Type.Optional(Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9-]{0,254}$' })),
    slug: Type.Optional(Type.String({ pattern: '^[a-z0-9-]{1,63}$' })),
    version: nullable(64),
    mode: Type.Optional(Type.Enum(['manage', 'observe'])),
    policy: Type.Optional(PolicySchema),
    tags: Type.Optional(Type.Array(Type.String({ pattern: '^[A-Za-z0-9:_-]{1,255}$' }), { maxItems: 100 })),
    advertise: Type.Optional(Advertise),
    accountHost: nullable(255),
    defaultDatabase: nullable(255),
  },
  Closed,
)

export function toInstanceWish(body: Static<typeof InstancePatch>): InstanceWish {
  const { policy, ...same } = body
  return { ...same, ...(policy && { policy: policy as Policy }) }
}

const common = {
  id: Type.String({ format: 'uuid' }),
  name: Type.String(),
  slug: Type.String(),
  project: Type.String(),
  engine: Type.Enum([...ENGINES]),
  variant: Type.Optional(Type.String()),
  version: Type.Optional(Type.String({ description: 'The version slug that dialects show' })),
  serverVersion: Type.Optional(Type.String({ description: 'What the server said on last contact' })),
  mode: Type.Enum(['manage', 'observe']),
  health: Type.Enum(['unknown', 'seen', 'read-only', 'changed-server', 'leaving']),
  seenAt: Type.Optional(Time),
  tags: Type.Array(Type.String()),
  createdAt: Time,
  updatedAt: Time,
}

export const InstanceSummary = Type.Object(common, { $id: 'InstanceSummary' })

const NameThere = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: Type.Optional(
    Type.Enum(['listed', 'claimed', 'released'], {
      description: 'Under its own name, adopted under another, or hidden there until it is adopted again',
    }),
  ),
})

export const InstanceBody = Type.Object(
  {
    ...common,
    fingerprint: Type.Optional(Type.String()),
    fingerprints: Type.Array(Type.String()),
    changedServer: Type.Optional(Type.Object({ fingerprint: Type.String(), since: Time })),
    managingConnection: Type.Optional(Type.String()),
    missingRights: Type.Optional(Type.Array(Type.String())),
    connections: Type.Array(Type.String()),
    sameServer: Type.Array(Type.String(), {
      description: 'Other instances of the project whose server says that it is the same one',
    }),
    openOperations: Type.Integer(),
    advertise: Advertise,
    accountHost: Type.Optional(Type.String()),
    defaultDatabase: Type.Optional(Type.String()),
    policy: Type.Record(
      Type.String(),
      Type.Object({ value: Type.Unknown(), from: Type.String({ description: 'The level that decided it' }) }),
    ),
    names: Type.Record(Type.String(), NameThere, { description: 'Id and name in each dialect that can show it' }),
  },
  { $id: 'Instance' },
)

export function fromInstance(instance: Instance) {
  const { id, name, slug, projectId, engine, versionSlug, mode, server, tags } = instance
  return {
    id,
    name,
    slug,
    project: projectId,
    engine,
    variant: server?.variant,
    version: versionSlug,
    serverVersion: server?.version,
    mode,
    health: healthOf(instance),
    seenAt: toTime(server?.seenAt),
    tags,
    createdAt: toTime(instance.createdAt),
    updatedAt: toTime(instance.updatedAt),
  }
}

function healthOf({ leaving, changedServer, server }: Instance) {
  if (leaving) return 'leaving'
  if (changedServer) return 'changed-server'
  if (!server) return 'unknown'
  return server.readOnly ? 'read-only' : 'seen'
}

export function fromInstanceShown(shown: InstanceShown) {
  const { instance, connections, sameServer, fingerprints, openOperations, policy, policyFrom } = shown
  const manager = connections.find(({ id }) => id === instance.managingConnectionId)
  const { changedServer, advertise, accountHost, defaultDatabase } = instance
  return {
    ...fromInstance(instance),
    fingerprint: instance.server?.fingerprint,
    fingerprints,
    changedServer: changedServer && { fingerprint: changedServer.fingerprint, since: toTime(changedServer.since) },
    managingConnection: manager?.id,
    missingRights: (manager ?? connections[0])?.missingRights,
    connections: connections.map(({ id }) => id),
    sameServer,
    openOperations,
    advertise,
    accountHost,
    defaultDatabase,
    policy: Object.fromEntries(
      Object.entries(policy).map(([name, value]) => [name, { value, from: policyFrom[name as keyof Policy] }]),
    ),
    names: { native: { id: instance.id, name: instance.name }, ...namesElsewhere(shown) },
  }
}

function namesElsewhere({ instance: { id, name, engine }, views }: InstanceShown) {
  const dialects = Object.entries(SIGHTS).filter(([, engines]) => engines.includes(engine))
  return Object.fromEntries(
    dialects.map(([dialect]) => {
      const { state = 'listed', alias = name } = views.get(dialect) ?? {}
      return [dialect, { id, name: alias, state }]
    }),
  )
}

export const CheckBody = Type.Object(
  {
    reachable: Type.Boolean(),
    detail: Type.Optional(Type.String()),
    serverVersion: Type.Optional(Type.String()),
    variant: Type.Optional(Type.String()),
    readOnly: Type.Optional(Type.Boolean()),
    fingerprint: Type.Optional(Type.String()),
    missingRights: Type.Optional(Type.Array(Type.String())),
  },
  { $id: 'InstanceCheck' },
)

export function fromCheck({ reachable, detail, server, missingRights }: CheckOutcome) {
  return {
    reachable,
    detail,
    serverVersion: server?.version,
    variant: server?.variant,
    readOnly: server?.readOnly,
    fingerprint: server?.fingerprint,
    missingRights,
  }
}

export const EngineBody = Type.Object(
  {
    name: Type.Enum([...ENGINES]),
    label: Type.String(),
    driven: Type.Boolean({ description: 'False: described here, not driven yet' }),
    defaultPort: Type.Integer(),
    versions: Type.String(),
    variants: Type.Array(Type.String()),
    provedOn: Type.Array(Type.String()),
    capabilities: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: 'Engine' },
)

export function fromEngine(about: EngineDescription, driven: boolean) {
  const { name, label, defaultPort, versions, variants, provedOn, capabilities } = about
  return { name, label, driven, defaultPort, versions, variants, provedOn, capabilities }
}
