import { REGION } from '../instances/views.ts'

/** A service of this server: what clients look for by type, and by name. */
interface Service {
  readonly type: string
  /** Each its own: pkgcloud keys the catalogue by it. */
  readonly name: string
  readonly url: string
}

function servicesAt(base: string, tenant: string): readonly Service[] {
  const url = `${base}/v1.0/${tenant}`
  return [
    { type: 'database', name: 'trove', url },
    { type: 'rax:database', name: 'cloudDatabases', url },
    { type: 'identity', name: 'keystone', url: `${base}/identity` },
  ]
}

const INTERFACES = ['public', 'internal', 'admin']

export function v3Catalog(base: string, tenant: string) {
  return servicesAt(base, tenant).map(({ type, name, url }) => ({
    type,
    name,
    id: name,
    endpoints: INTERFACES.map(one => ({
      id: `${name}-${one}`,
      interface: one,
      region: REGION,
      region_id: REGION,
      url: type === 'identity' ? `${url}/v3` : url,
    })),
  }))
}

/** Each endpoint twice: pkgcloud without a region takes only those that have none. */
export function v2Catalog(base: string, tenant: string) {
  return servicesAt(base, tenant).map(({ type, name, url: at }) => {
    const url = type === 'identity' ? `${at}/v2.0` : at
    const endpoint = { tenantId: tenant, publicURL: url, internalURL: url, adminURL: url }
    return { type, name, endpoints_links: [], endpoints: [{ region: REGION, ...endpoint }, endpoint] }
  })
}
