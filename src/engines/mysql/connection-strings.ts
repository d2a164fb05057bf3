import { isIPv6 } from 'node:net'
import type { LoginShown } from '../engine.ts'

/** What to paste into the usual clients. Each quotes in its own way. */
export function connectionStrings(login: LoginShown): Readonly<Record<string, string>> {
  return {
    uri: uri(login),
    mysql: `mysql ${client(login)}`,
    jdbc: jdbc(login),
    dotnet: dotnet(login),
  }
}

const encode = (text: string) => encodeURIComponent(text).replaceAll("'", '%27')

const authority = ({ host, port }: LoginShown) => `${isIPv6(host) ? `[${host}]` : host}:${port}`

/** TLS in the words of MySQL's own clients, and of .NET's driver. */
const WORDS = {
  disable: 'DISABLED',
  require: 'REQUIRED',
  'verify-ca': 'VERIFY_CA',
  'verify-full': 'VERIFY_IDENTITY',
} as const
const DOTNET = { disable: 'None', require: 'Required', 'verify-ca': 'VerifyCA', 'verify-full': 'VerifyFull' } as const

function uri(login: LoginShown): string {
  const who = `${encode(login.name)}:${encode(login.password)}`
  return `mysql://${who}@${authority(login)}/${encode(login.database)}?ssl-mode=${WORDS[login.tls]}`
}

function client({ host, port, database, name, password, tls }: LoginShown): string {
  const options = { host, port: String(port), user: name, password, 'ssl-mode': WORDS[tls] }
  const words = Object.entries(options).map(([key, value]) => shellWord(`--${key}=${value}`))
  return [...words, ...(database === '' ? [] : [shellWord(database)])].join(' ')
}

function shellWord(text: string): string {
  return /^[\w.:=/-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`
}

function jdbc(login: LoginShown): string {
  const query = `user=${encode(login.name)}&password=${encode(login.password)}&sslMode=${WORDS[login.tls]}`
  return `jdbc:mysql://${authority(login)}/${encode(login.database)}?${query}`
}

function dotnet({ host, port, database, name, password, tls }: LoginShown): string {
  const parts = {
    Server: host,
    Port: String(port),
    Database: database,
    'User ID': name,
    Password: password,
    'SSL Mode': DOTNET[tls],
  }
  return Object.entries(parts)
    .map(([key, value]) => `${key}=${/^[\w.: -]*$/.test(value) ? value : `"${value.replaceAll('"', '""')}"`}`)
    .join(';')
}
