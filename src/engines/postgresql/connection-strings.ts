import { isIPv6 } from 'node:net'
import type { LoginShown } from '../engine.ts'

/** What to paste into the usual clients. Each quotes in its own way. */
export function connectionStrings(login: LoginShown): Readonly<Record<string, string>> {
  return {
    uri: uri(login),
    psql: `psql '${libpq(login).replaceAll("'", `'"'"'`)}'`,
    jdbc: jdbc(login),
    npgsql: npgsql(login),
  }
}

const encode = encodeURIComponent

const authority = ({ host, port }: LoginShown) => `${isIPv6(host) ? `[${host}]` : host}:${port}`

function uri(login: LoginShown): string {
  const who = `${encode(login.name)}:${encode(login.password)}`
  return `postgresql://${who}@${authority(login)}/${encode(login.database)}?sslmode=${login.tls}`
}

function libpq({ host, port, database, name, password, tls }: LoginShown): string {
  const parts = { host, port: String(port), dbname: database, user: name, password, sslmode: tls }
  return Object.entries(parts)
    .map(([key, value]) => `${key}=${/^[\w.:-]+$/.test(value) ? value : `'${value.replace(/[\\']/g, '\\$&')}'`}`)
    .join(' ')
}

function jdbc(login: LoginShown): string {
  const query = `user=${encode(login.name)}&password=${encode(login.password)}&sslmode=${login.tls}`
  return `jdbc:postgresql://${authority(login)}/${encode(login.database)}?${query}`
}

/** libpq's words for TLS, as .NET's driver has them. */
const NPGSQL = { disable: 'Disable', require: 'Require', 'verify-ca': 'VerifyCA', 'verify-full': 'VerifyFull' } as const

function npgsql({ host, port, database, name, password, tls }: LoginShown): string {
  const parts = {
    Host: host,
    Port: String(port),
    Database: database,
    Username: name,
    Password: password,
    'SSL Mode': NPGSQL[tls],
  }
  return Object.entries(parts)
    .map(([key, value]) => `${key}=${/^[\w.: -]+$/.test(value) ? value : `"${value.replaceAll('"', '""')}"`}`)
    .join(';')
}
