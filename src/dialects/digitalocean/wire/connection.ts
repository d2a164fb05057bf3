import { isIPv6 } from 'node:net'
import { Type } from 'typebox'
import type { Connection } from '../../../domain/servers/connection.ts'
import type { EngineName } from '../../../domain/servers/instance.ts'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import { defaultTls } from '../../../services/links/targets.ts'
import { wordsOf } from '../engine-words.ts'

export const ConnectionBody = Type.Object(
  {
    uri: Type.String(),
    protocol: Type.String(),
    database: Type.String({ description: 'The default database' }),
    host: Type.String(),
    port: Type.Integer({ minimum: 0, maximum: 65_535 }),
    user: Type.Optional(Type.String({ description: 'The login that manages the cluster; needs `view_credentials`' })),
    password: Type.Optional(Type.String({ description: 'Only where the policy `passwordRecall` keeps it' })),
    ssl: Type.Boolean(),
  },
  { $id: 'Connection' },
)

/** The managing login, as far as the caller may see it. */
export interface LoginSeen {
  readonly user?: string
  readonly password?: string
}

interface Address {
  readonly host: string
  readonly port: number
}

/** What applications dial. */
export function fromConnection(view: InstanceView, login: LoginSeen) {
  const { host, port } = view.instance.advertise
  const own = ownAddress(view)
  return connectionAt({ host: host ?? own.host, port: port ?? own.port }, view, login)
}

/** The same as the public one where there is no second address. */
export function fromPrivateConnection(view: InstanceView, login: LoginSeen) {
  const { host, port, privateHost, privatePort } = view.instance.advertise
  const own = ownAddress(view)
  const to = { host: privateHost ?? host ?? own.host, port: privatePort ?? port ?? own.port }
  return connectionAt(to, view, login)
}

/** An empty one, as long as nothing leads there: clients panic without. */
function ownAddress({ connections: [connection] }: InstanceView): Address {
  return connection ?? { host: '', port: 0 }
}

function connectionAt({ host, port }: Address, view: InstanceView, { user, password }: LoginSeen) {
  const { instance, connections } = view
  const [connection] = connections
  const words = wordsOf(instance)
  const database = instance.defaultDatabase ?? connection?.database ?? ''
  const ssl = connection !== undefined && (connection.tls ?? defaultTls(connection.host)).mode !== 'disable'
  const query = QUERIES[instance.engine]?.(ssl, connection) ?? ''
  const authority = `${userinfo({ user, password })}${isIPv6(host) ? `[${host}]` : host}:${port}`
  const uri = `${inClear(words.scheme, ssl)}://${authority}/${encodeURIComponent(database)}${query}`
  return { uri, protocol: inClear(words.protocol, ssl), database, host, port, user, password, ssl }
}

function userinfo({ user, password }: LoginSeen): string {
  if (!user) return ''
  const secret = password === undefined ? '' : `:${encodeURIComponent(password)}`
  return `${encodeURIComponent(user)}${secret}@`
}

/** The one family whose scheme says whether it is encrypted. */
function inClear(scheme: string, ssl: boolean): string {
  return ssl ? scheme : scheme.replace(/^rediss$/, 'redis')
}

/** What each engine's own clients want to be told in a URI. */
const QUERIES: Partial<Record<EngineName, (ssl: boolean, connection?: Connection) => string>> = {
  postgresql: ssl => `?sslmode=${ssl ? 'require' : 'disable'}`,
  mysql: ssl => `?ssl-mode=${ssl ? 'REQUIRED' : 'DISABLED'}`,
  mongodb: (ssl, connection) => `?tls=${ssl}&authSource=${encodeURIComponent(connection?.authDatabase || 'admin')}`,
}
