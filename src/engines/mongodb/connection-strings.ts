import { isIPv6 } from 'node:net'
import type { LoginShown } from '../engine.ts'
import { DEFAULT_AUTH_DATABASE } from './names.ts'

/** What to paste into the usual clients: all take the same address. */
export function connectionStrings(login: LoginShown): Readonly<Record<string, string>> {
  return { uri: uri(login), mongosh: `mongosh '${uri(login)}'` }
}

const encode = (text: string) => encodeURIComponent(text).replaceAll("'", '%27')

function uri({ host, port, database, name, authDatabase, password, tls }: LoginShown): string {
  const place = `${isIPv6(host) ? `[${host}]` : host}:${port}`
  const authSource = authDatabase || DEFAULT_AUTH_DATABASE
  const options: Record<string, string> = { authSource, tls: String(tls !== 'disable') }
  if (tls === 'require') options.tlsInsecure = 'true'
  if (tls === 'verify-ca') options.tlsAllowInvalidHostnames = 'true'
  const query = new URLSearchParams(options)
  return `mongodb://${encode(name)}:${encode(password)}@${place}/${encode(database)}?${query}`
}
