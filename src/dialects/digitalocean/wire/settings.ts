import { type Static, type TSchema, Type } from 'typebox'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import { detailsOf, type MaintenanceTime } from '../clusters/details.ts'
import { isVersionOf, versionShown } from '../clusters/versions.ts'
import { NODES, OFF, SIZE } from './clusters.ts'

const Switch = Type.Object({ enabled: Type.Boolean() })
const AskedSwitch = Type.Optional(Type.Object({ enabled: Type.Optional(Type.Boolean()) }))

export const AutoscaleSwitch = Type.Optional(Type.Object({ storage: AskedSwitch }))
export const AutoscaleAnswer = Type.Object({ autoscale: Type.Object({ storage: Switch }), storage: Switch })
/** Under the published key, and under the one that godo reads. */
export const AUTOSCALE_OFF = { autoscale: { storage: OFF }, storage: OFF }

export function turnsOn(asked: { readonly storage?: Static<typeof AskedSwitch> } | undefined): boolean {
  return asked?.storage?.enabled === true
}

export const NO_AUTOSCALE = 'autoscale can not be enabled: storage is what the server has'
export const NO_RULES = 'rules must be empty: there is no firewall here'

const DAYS = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const

export const MaintenanceBody = Type.Object({
  day: Type.Enum([...DAYS]),
  hour: Type.String({ pattern: '^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$' }),
})

/** `02:00` is `02:00:00`. */
export function toMaintenance({ day, hour }: Static<typeof MaintenanceBody>): MaintenanceTime {
  return { day, hour: hour.length === 5 ? `${hour}:00` : hour }
}

export const UpgradeBody = Type.Object({ version: Type.String({ minLength: 1 }) })

/** Is it at that version already. */
export function isUpgraded(view: InstanceView, { version }: Static<typeof UpgradeBody>): boolean {
  return isVersionOf(view.instance, version) ?? version === versionShown(view.instance, detailsOf(view).version)
}

/** A setting of the server's machine, which is its owner's: what it is already is fine, everything else is refused. */
export interface FixedSetting {
  readonly path: string
  readonly operationId: string
  readonly summary: string
  readonly status: 202 | 204
  readonly body: TSchema
  /** Why it can't be so; undefined where nothing differs. */
  readonly refusal: (view: InstanceView, body: never) => string | undefined
}

function setting<T extends TSchema>(
  about: Omit<FixedSetting, 'body' | 'refusal'>,
  body: T,
  refusal: (view: InstanceView, body: Static<T>) => string | undefined,
): FixedSetting {
  return { ...about, body, refusal }
}

export const FIXED_SETTINGS: readonly FixedSetting[] = [
  setting(
    { path: 'autoscale', operationId: 'databases_update_autoscale', summary: 'Only off', status: 204 },
    Type.Object({ autoscale: AutoscaleSwitch, storage: AskedSwitch }),
    (_view, body) => (turnsOn(body) || turnsOn(body.autoscale) ? NO_AUTOSCALE : undefined),
  ),
  setting(
    { path: 'firewall', operationId: 'databases_update_firewall_rules', summary: 'Only none', status: 204 },
    Type.Object({ rules: Type.Optional(Type.Array(Type.Unknown())) }),
    (_view, { rules = [] }) => (rules.length > 0 ? NO_RULES : undefined),
  ),
  setting(
    { path: 'resize', operationId: 'databases_update_clusterSize', summary: 'Only as it is', status: 202 },
    Type.Object({
      size: Type.Optional(Type.String()),
      num_nodes: Type.Optional(Type.Integer()),
      storage_size_mib: Type.Optional(Type.Integer({ minimum: 0 })),
    }),
    (view, { size, num_nodes = NODES, storage_size_mib }) => {
      const { storageMib = 0 } = detailsOf(view)
      const isSame = (size || SIZE) === SIZE && num_nodes === NODES && (storage_size_mib ?? storageMib) === storageMib
      return isSame ? undefined : 'the cluster can not be resized: the server is your own'
    },
  ),
  setting(
    { path: 'migrate', operationId: 'databases_update_region', summary: 'Only where it is', status: 202 },
    Type.Object({ region: Type.Optional(Type.String()), private_network_uuid: Type.Optional(Type.String()) }),
    (view, { region, private_network_uuid }) => {
      const { slug } = view.instance
      const { networkId = '' } = detailsOf(view)
      const isSame = (region || slug).toLowerCase() === slug && (private_network_uuid || networkId) === networkId
      return isSame ? undefined : 'the cluster can not be migrated: the server is your own'
    },
  ),
  setting(
    { path: 'install_update', operationId: 'databases_install_update', summary: 'There is none', status: 204 },
    Type.Object({}),
    () => undefined,
  ),
]
