import { Type } from 'typebox'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import { ref } from '../../request.ts'
import { type Details, detailsOf } from '../clusters/details.ts'
import { versionShown } from '../clusters/versions.ts'
import { wordsOf } from '../engine-words.ts'
import { Meta } from './common.ts'
import { ConnectionBody, fromConnection, fromPrivateConnection, type LoginSeen } from './connection.ts'

const Time = Type.String({ format: 'date-time' })
const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) => Type.Union([schema, Type.Null()])
const Switch = Type.Object({ enabled: Type.Boolean() })

/** The plan that every cluster here has: the server that its owner brought. */
export const SIZE = 'byo'
export const NODES = 1

const MaintenanceBody = Type.Object({
  day: Type.String(),
  hour: Type.String(),
  pending: Type.Boolean(),
  description: Type.Array(Type.String()),
})

const PrimaryUser = Type.Object({
  name: Type.String(),
  role: Type.Literal('primary'),
  password: Type.Optional(Type.String()),
})

const ClusterBody = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    name: Type.String(),
    engine: Type.String(),
    version: Type.String({ description: 'As asked for; empty before first contact' }),
    semantic_version: Type.String(),
    num_nodes: Type.Integer({ minimum: 1 }),
    size: Type.String(),
    region: Type.String({ description: 'The slug of the instance' }),
    status: Type.Literal('online'),
    created_at: Time,
    connection: ref(ConnectionBody),
    private_connection: ref(ConnectionBody),
    users: nullable(Type.Array(PrimaryUser, { description: 'The managing login; ask for the list of users for all' })),
    db_names: nullable(Type.Array(Type.String(), { description: 'Always null: ask for the list of databases' })),
    tags: nullable(Type.Array(Type.String())),
    maintenance_window: MaintenanceBody,
    private_network_uuid: Type.String(),
    project_id: Type.String(),
    storage_size_mib: Type.Integer({ minimum: 0 }),
    storage_autoscale: Switch,
    autoscale: Type.Object({ storage: Switch }),
    do_settings: Type.Optional(Type.Object({ service_cnames: Type.Array(Type.String()) })),
    rolecall: Type.Object({
      adopted: Type.Boolean({ description: 'By this API, under the name that was asked for' }),
      reachable: nullable(Type.Boolean({ description: 'Null: nobody has tried yet' })),
      checked_at: nullable(Time),
    }),
  },
  { $id: 'Cluster' },
)

export const clusterSchemas = [ConnectionBody, ClusterBody]
export const SingleCluster = Type.Object({ database: ref(ClusterBody) })
export const ClusterList = Type.Object({ databases: Type.Array(ref(ClusterBody)), meta: Meta })
export const CaAnswer = Type.Object({
  ca: Type.Object({ certificate: Type.String({ description: 'Base64 of PEM' }) }),
})

/** What the caller's token opens of a cluster. */
export interface ClusterSight {
  readonly login: LoginSeen
  readonly tags: boolean
  readonly project: boolean
  readonly network: boolean
}

/** From what is stored alone: it is polled, and a server that is down is `online` all the same, or pollers would hang. */
export function fromCluster(view: InstanceView, sight: ClusterSight) {
  const { instance, name } = view
  const details = detailsOf(view)
  return {
    id: instance.id,
    name,
    engine: engineShown(view),
    version: versionShown(instance, details.version),
    semantic_version: instance.server?.version ?? instance.versionSlug ?? '',
    num_nodes: NODES,
    size: SIZE,
    region: instance.slug,
    status: 'online',
    created_at: toTime(instance.createdAt),
    connection: fromConnection(view, sight.login),
    private_connection: fromPrivateConnection(view, sight.login),
    users: view.primary ? [{ name: view.primary, role: 'primary', password: sight.login.password }] : null,
    db_names: null,
    tags: sight.tags ? instance.tags : null,
    maintenance_window: fromMaintenance(details),
    private_network_uuid: (sight.network && details.networkId) || '',
    project_id: (sight.project && details.projectId) || '',
    storage_size_mib: details.storageMib ?? 0,
    storage_autoscale: OFF,
    autoscale: { storage: OFF },
    do_settings: details.serviceNames && { service_cnames: details.serviceNames },
    rolecall: fromContact(view),
  }
}

export const OFF = { enabled: false } as const

/** A variant is known by its own word once its server has said so; until then by the one that was asked for. */
export function engineShown(view: InstanceView): string {
  const { server } = view.instance
  return (server ? undefined : detailsOf(view).engine) ?? wordsOf(view.instance).engine
}

function fromMaintenance({ maintenance }: Details) {
  const { day, hour } = maintenance ?? { day: 'sunday', hour: '00:00:00' }
  return { day, hour, pending: false, description: [] }
}

function fromContact({ state, contact }: InstanceView) {
  return {
    adopted: state === 'claimed',
    reachable: contact?.reachable ?? null,
    checked_at: contact ? toTime(contact.at) : null,
  }
}

/** Seconds are enough, and what examples have. */
function toTime(at: number): string {
  return new Date(at).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** The first certificate that the caller's connections trust; undefined where there is none. */
export function fromCa({ connections }: InstanceView) {
  const pem = connections.map(({ tls }) => tls?.ca).find(ca => ca !== undefined)
  return pem === undefined ? undefined : { ca: { certificate: Buffer.from(pem).toString('base64') } }
}
