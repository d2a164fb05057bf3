import { isIPv6 } from 'node:net'
import { addressesOf } from '../../../../domain/servers/connection.ts'
import { defaultTls } from '../../../../services/links/targets.ts'
import type { Cluster } from '../../clusters/cluster.ts'

/** What applications dial, without credentials. */
export interface Addresses {
  /** `mongodb://a:27017,b:27017` */
  readonly plain: string
  /** The same with what a driver needs to know. */
  readonly standard: string
}

/** Undefined where nothing leads there, or where the caller may not know. */
export function addressesIn({ view, isAddressOpen }: Cluster): Addresses | undefined {
  const [connection] = view.connections
  if (!connection || !isAddressOpen) return undefined
  const { host, port } = view.instance.advertise
  const own = addressesOf(connection)
  const all =
    host === undefined && port === undefined ? own : [{ host: host ?? own[0]!.host, port: port ?? own[0]!.port }]
  const plain = `mongodb://${all.map(one => `${isIPv6(one.host) ? `[${one.host}]` : one.host}:${one.port}`).join(',')}`
  const tls = (connection.tls ?? defaultTls(connection.host)).mode !== 'disable'
  const source = encodeURIComponent(connection.authDatabase || 'admin')
  return { plain, standard: `${plain}/?ssl=${tls}&authSource=${source}` }
}
