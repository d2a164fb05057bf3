import { type Static, Type } from 'typebox'
import { Link } from './common.ts'

export const FlavorBody = Type.Object(
  {
    id: Type.Union([Type.Integer(), Type.Null()]),
    str_id: Type.String(),
    name: Type.String(),
    ram: Type.Integer(),
    vcpus: Type.Integer(),
    disk: Type.Integer(),
    ephemeral: Type.Integer(),
    links: Type.Array(Link),
  },
  { $id: 'Flavor' },
)

export const DEFAULT_FLAVOR = '1'

/** Servers are as large as they are; this is so that clients have something to name. */
const FLAVORS = [{ id: 1, str_id: DEFAULT_FLAVOR, name: 'as-is', ram: 0, vcpus: 0, disk: 0, ephemeral: 0 }] as const

export type Links = Static<typeof FlavorBody>['links']

export function flavorsWith(linksOf: (id: string) => Links): readonly Static<typeof FlavorBody>[] {
  return FLAVORS.map(flavor => ({ ...flavor, links: linksOf(flavor.str_id) }))
}

export const isFlavor = (id: string): boolean => FLAVORS.some(({ str_id }) => str_id === id)
