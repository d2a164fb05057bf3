import { Type } from 'typebox'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import { detailsOf } from '../clusters/details.ts'
import { versionShown } from '../clusters/versions.ts'
import { engineShown, NODES, SIZE } from './clusters.ts'

/** The whole of the published enum: an engine without instances has empty arrays. */
const ENGINES = [
  'pg',
  'mysql',
  'redis',
  'valkey',
  'mongodb',
  'kafka',
  'opensearch',
  'advanced_pg',
  'advanced_mysql',
] as const

const Texts = Type.Array(Type.String())
const End = Type.Union([Type.String(), Type.Null()])
const byEngine = <T>(make: (engine: string) => T) => Object.fromEntries(ENGINES.map(engine => [engine, make(engine)]))

const EngineOptions = Type.Object({
  regions: Type.Array(Type.String({ description: 'Slugs of instances' })),
  versions: Texts,
  default_version: Type.Optional(Type.String()),
  layouts: Type.Array(Type.Object({ num_nodes: Type.Integer(), sizes: Texts })),
})
const Availability = Type.Array(Type.Object({ version: Type.String(), end_of_life: End, end_of_availability: End }))

export const OptionsAnswer = Type.Object({
  options: Type.Object(byEngine(() => EngineOptions)),
  version_availability: Type.Record(Type.String(), Availability),
})

/** What can be adopted, in the words for what can be created: each instance is a region of its own. */
export function fromOptions(views: readonly InstanceView[]) {
  const all = Map.groupBy(views, engineShown)
  const versions = new Map([...all].map(([engine, own]) => [engine, versionsOf(own)]))
  return {
    options: byEngine(engine => optionsOf(all.get(engine) ?? [], versions.get(engine) ?? [])),
    version_availability: Object.fromEntries([...versions].map(([engine, own]) => [engine, own.map(availabilityOf)])),
  }
}

function optionsOf(views: readonly InstanceView[], versions: readonly string[]) {
  const regions = views.map(({ instance }) => instance.slug).toSorted()
  const layouts = views.length > 0 ? [{ num_nodes: NODES, sizes: [SIZE] }] : []
  return { regions, versions, default_version: versions.at(-1), layouts }
}

const availabilityOf = (version: string) => ({ version, end_of_life: null, end_of_availability: null })

/** Lowest first; those that nobody has asked yet have none. */
function versionsOf(views: readonly InstanceView[]): readonly string[] {
  const all = new Set(views.map(view => versionShown(view.instance, detailsOf(view).version)))
  all.delete('')
  return [...all].toSorted((one, other) => one.localeCompare(other, 'en', { numeric: true }))
}
