import type { InstanceView } from '../../../services/instances/dialect-views.ts'

/** What this dialect keeps of a cluster, as it was asked for: clients take any other answer for a change that they have to make. */
export interface Details {
  readonly engine?: string
  readonly version?: string
  readonly projectId?: string
  readonly networkId?: string
  readonly storageMib?: number
  readonly serviceNames?: readonly string[]
  readonly maintenance?: MaintenanceTime
}

export interface MaintenanceTime {
  readonly day: string
  /** `HH:MM:SS`. */
  readonly hour: string
}

export function detailsOf({ details }: InstanceView): Details {
  return details as Details
}

/** As it is kept. What is undefined is left out. */
export function toDetails(details: Details): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined))
}
