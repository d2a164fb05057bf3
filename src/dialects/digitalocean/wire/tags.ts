import { type Static, Type } from 'typebox'
import type { TagChange } from '../../../services/instances/dialect-views.ts'
import { noCluster, UUID } from '../subject.ts'
import { TAG, unacceptable } from './new-cluster.ts'

export const NewTagBody = Type.Object({ name: Type.String() })
export const ResourcesBody = Type.Object({
  resources: Type.Array(Type.Object({ resource_id: Type.String(), resource_type: Type.String() }), { maxItems: 100 }),
})
export const TagAnswer = Type.Object({
  tag: Type.Object({ name: Type.String(), resources: Type.Object({ count: Type.Integer() }) }),
})

export function checkTag(name: string): void {
  if (!TAG.test(name)) throw unacceptable('tags have letters, digits, : _ and -, 255 at most')
}

/** Nothing else has tags here. */
export function toClusterIds({ resources }: Static<typeof ResourcesBody>): readonly string[] {
  if (resources.some(({ resource_type }) => resource_type !== 'database'))
    throw unacceptable('resource_type must be database')
  const ids = resources.map(({ resource_id }) => resource_id)
  if (ids.some(id => !UUID.test(id))) throw noCluster()
  return ids
}

/** Tags are compared without case; the first spelling stays. */
export function withTag(tag: string): TagChange {
  return tags => (tags.some(one => isSame(one, tag)) ? tags : [...tags, tag])
}

export function withoutTag(tag: string): TagChange {
  return tags => tags.filter(one => !isSame(one, tag))
}

export function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase()
}
