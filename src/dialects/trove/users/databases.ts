import { isReserved } from '../datastores/datastores.ts'
import { orNone, type Place } from '../instances/place.ts'
import { badRequest, notFound, type Refusal } from '../refusals/refusal.ts'
import { resolveMarker } from '../requests/markers.ts'
import { collect, type Wanted } from '../requests/pages.ts'

/** In the order of their names, without those that nobody sees. */
export async function listDatabases(place: Place, { limit, marker }: Wanted) {
  const after = marker === undefined ? undefined : await resolveMarker(marker, name => isThere(place, name))
  return databasesAfter(place, limit, after)
}

function databasesAfter({ parts, request, datastore, id, signal }: Place, limit: number, after?: string) {
  const { databases } = parts.services
  return collect(
    limit,
    after,
    page => databases.list(request.caller, id, page, signal),
    ({ name }) => !isReserved(name, datastore.reservedDatabases),
  )
}

export async function isThere({ parts, request, id, signal }: Place, name: string): Promise<boolean> {
  return (await orNone(parts.services.databases.get(request.caller, id, name, signal))) !== undefined
}

/** Throws unless everything may be granted on; names the first that may not. */
export async function checkGrantable(place: Place, names: readonly string[]): Promise<void> {
  const { reservedDatabases, grantsNeedDatabases } = place.datastore
  for (const name of names) if (isReserved(name, reservedDatabases)) throw reservedDatabase(place, name)
  if (!grantsNeedDatabases) return
  for (const name of new Set(names)) if (!(await isThere(place, name))) throw noDatabase(name)
}

export function noDatabase(name: string): Refusal {
  return notFound(`Database ${name} cannot be found on the instance.`)
}

export function reservedDatabase({ datastore }: Pick<Place, 'datastore'>, name: string): Refusal {
  const list = datastore.reservedDatabases.map(one => `'${one}'`).join(', ')
  return badRequest(`Database name "${name}" is on the reserved list: [${list}].`)
}
