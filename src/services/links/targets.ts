import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { Fault } from '../../domain/fault.ts'
import { Secret } from '../../domain/secret.ts'
import { addressesOf, type Connection, type Credential, type Tls } from '../../domain/servers/connection.ts'
import type { Target } from '../../engines/engine.ts'
import type { NetworkGuard } from '../network/network-guard.ts'

export interface TargetRules {
  readonly guard: NetworkGuard
  /** Patterns such as `env:DB_*` and `file:/run/secrets/*`: what a connection's credential may refer to. */
  readonly credentials: readonly string[]
  readonly statementTimeoutMs: number
}

/** The fields of a connection that say where and how to log in; a typed-in one has no more. */
export type Coordinates = Pick<
  Connection,
  'engine' | 'host' | 'port' | 'hosts' | 'database' | 'username' | 'authDatabase' | 'mechanism' | 'tls' | 'options'
>

const CONNECT_TIMEOUT_MS = 5_000

export function targetOf(connection: Coordinates, password: Secret | undefined, rules: TargetRules): Target {
  return {
    hosts: addressesOf(connection),
    database: connection.database,
    username: connection.username,
    password,
    authDatabase: connection.authDatabase,
    mechanism: connection.mechanism,
    tls: connection.tls ?? defaultTls(connection.host),
    connectTimeoutMs: connection.options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    statementTimeoutMs: rules.statementTimeoutMs,
    resolve: (host, port) => rules.guard.resolve({ engine: connection.engine, host, port }),
  }
}

/** `verify-full`, except where nothing leaves the machine. */
export function defaultTls(host: string): Tls {
  return { mode: isLoopback(host) ? 'disable' : 'verify-full' }
}

function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

/** The password behind a credential. Throws with reason `credential` when it can't be had. */
export async function passwordBehind(
  credential: Credential | undefined,
  allowed: readonly string[],
): Promise<Secret | undefined> {
  if (!credential) return undefined
  if (credential.kind === 'sealed') return credential.secret
  if (credential.kind === 'unreadable') throw lost('The stored password can no longer be read; type it again')
  if (!mayReferTo(credential, allowed))
    throw lost('The setting credentials.allow does not name what this credential refers to')
  const text = credential.kind === 'env' ? process.env[credential.name] : await readReference(credential.path)
  if (text === undefined) throw lost('What the credential refers to is not there')
  return new Secret(text.replace(/\r?\n$/, ''))
}

function readReference(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined)
}

function lost(message: string): Fault {
  return new Fault('unavailable', 'connection', message, { reason: 'credential' })
}

/** A reference reads our environment and our files, so the installation says which: `*` at the end of a pattern stands for anything but `..`. */
export function mayReferTo(
  credential: Extract<Credential, { kind: 'env' | 'file' }>,
  allowed: readonly string[],
): boolean {
  const text = credential.kind === 'env' ? `env:${credential.name}` : `file:${credential.path}`
  if (text.split('/').includes('..')) return false
  return allowed.some(pattern => (pattern.endsWith('*') ? text.startsWith(pattern.slice(0, -1)) : text === pattern))
}
