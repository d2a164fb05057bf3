import type { FastifyRequest } from 'fastify'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import type { TroveParts } from '../context.ts'
import { datastoreOf } from '../datastores/datastores.ts'
import { linksOf } from '../requests/addresses.ts'
import { lenientDecode } from '../requests/percent.ts'
import { DEFAULT_FLAVOR } from '../wire/flavors.ts'
import { sightOf } from './place.ts'
import type { Seen } from './status.ts'

/** The one region that there is. */
export const REGION = 'RegionOne'

/** By id. */
export async function listViews({ services }: TroveParts, request: FastifyRequest): Promise<readonly InstanceView[]> {
  const all = await services.dialectViews.list(request.caller, sightOf(request))
  return all.toSorted((one, other) => (one.instance.id < other.instance.id ? -1 : 1))
}

/** Ids have no character that could be encoded in two ways. */
export function pageOf(all: readonly InstanceView[], limit: number, marker = '') {
  const after = lenientDecode(lenientDecode(marker))
  const rest = all.filter(({ instance }) => instance.id > after)
  return { items: rest.slice(0, limit), more: rest.length > limit }
}

/** An instance as lists show it. */
export function summaryOf(parts: TroveParts, request: FastifyRequest, { view, status }: Seen) {
  const { instance, name, details, connections } = view
  const flavor = String(details.flavor ?? DEFAULT_FLAVOR)
  return {
    id: instance.id,
    name,
    status,
    operating_status: status === 'ACTIVE' ? 'HEALTHY' : '',
    links: linksOf(request, parts, 'instances', instance.id),
    flavor: { id: flavor, links: linksOf(request, parts, 'flavors', flavor) },
    datastore: { type: datastoreOf(instance).word, version: versionOf(view) },
    volume: { size: Number(details.volume ?? 1) },
    region: REGION,
    access: {},
    hostname: instance.advertise.host ?? connections[0]?.host ?? '',
  }
}

/** And alone. */
export function detailOf(parts: TroveParts, request: FastifyRequest, seen: Seen) {
  const summary = summaryOf(parts, request, seen)
  const { createdAt, updatedAt } = seen.view.instance
  return {
    ...summary,
    datastore: { ...summary.datastore, version_number: versionOf(seen.view) },
    created: momentOf(createdAt),
    updated: momentOf(updatedAt),
    ...faultOf(seen),
  }
}

function faultOf({ view, status, fault }: Seen) {
  if (status !== 'ERROR' && status !== 'SHUTDOWN') return {}
  const at = view.instance.changedServer?.since ?? view.contact?.at ?? view.instance.updatedAt
  return { fault: { message: MESSAGES[status], created: momentOf(at), details: fault ?? '' } }
}

const MESSAGES = {
  SHUTDOWN: 'The server can not be reached.',
  ERROR: 'The server can not be used: it is another one than before, or was never reached.',
} as const

export function versionOf({ instance }: InstanceView): string {
  return instance.versionSlug ?? instance.server?.version ?? ''
}

/** `YYYY-MM-DDThh:mm:ss`: no fraction, and no zone. */
function momentOf(at: number): string {
  return new Date(at).toISOString().slice(0, 19)
}
