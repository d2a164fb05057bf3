/** One XML element. Where it has children, it has no text of its own. */
export interface XmlElement {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  readonly text: string
}

export const NAMESPACE = 'http://docs.openstack.org/database/api/v1.0'

/** Which elements are lists, and what their children are called. */
const SINGULARS: Readonly<Record<string, string>> = {
  users: 'user',
  databases: 'database',
  links: 'link',
  instances: 'instance',
  flavors: 'flavor',
  datastores: 'datastore',
  versions: 'version',
  limits: 'limit',
  clusters: 'cluster',
  volume_types: 'volume_type',
  addresses: 'address',
  allowed_cidrs: 'allowed_cidr',
}

export function singularOf(list: string): string {
  return Object.hasOwn(SINGULARS, list) ? SINGULARS[list]! : list.replace(/s$/, '')
}
