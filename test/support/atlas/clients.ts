import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { RunningApp } from '../app.ts'
import { npmPackages } from '../clients/npm.ts'
import { pythonWith } from '../clients/python.ts'

const run = promisify(execFile)

export function originOf({ app }: RunningApp): string {
  return `http://127.0.0.1:${(app.http.server.address() as AddressInfo).port}`
}

export interface Asked {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Heard {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  readonly body: any
}

/** `curl --digest`, as the published examples have it. `more`: further flags. */
export async function curl(
  running: RunningApp,
  { method, path, body, headers = {} }: Asked,
  more: readonly string[] = [],
) {
  const { publicKey, privateKey } = running.key
  const flags = ['--silent', '--show-error', '--digest', '--user', `${publicKey}:${privateKey}`, '--request', method]
  const sent = body === undefined ? [] : ['--data', JSON.stringify(body)]
  const named = Object.entries(headers).flatMap(([name, value]) => ['--header', `${name}: ${value}`])
  const written = ['--write-out', '\n%{http_code}']
  const { stdout } = await run('curl', [
    ...flags,
    ...sent,
    ...named,
    ...written,
    ...more,
    `${originOf(running)}${path}`,
  ])
  const at = stdout.lastIndexOf('\n')
  return { status: Number(stdout.slice(at + 1)), text: stdout.slice(0, at) }
}

export interface HeardByRequests extends Heard {
  /** How often it was told to authenticate before. */
  readonly challenges: number
  readonly nc: string
}

/** Python's requests: all calls in one session. */
export async function pythonRequests(
  running: RunningApp,
  calls: readonly Asked[],
): Promise<readonly HeardByRequests[]> {
  const script = fileURLToPath(new URL('requests-calls.py', import.meta.url))
  const wish = { ...running.key, origin: originOf(running), calls }
  const { stdout } = await run(pythonWith('atlas'), [script, JSON.stringify(wish)])
  return JSON.parse(stdout)
}

// biome-ignore lint/suspicious/noExplicitAny: answers of every shape.
type Ask = (...values: any[]) => Promise<any>

/** The part of mongodb-atlas-api-client that tests call. */
export interface NodeClient {
  readonly user: Readonly<Record<'get' | 'getAll' | 'create' | 'update' | 'delete', Ask>>
  readonly project: Readonly<Record<'getById' | 'getByName' | 'getAll' | 'create' | 'delete', Ask>>
  readonly cluster: Readonly<Record<'get' | 'getAll', Ask>>
  readonly organization: Readonly<Record<'getById' | 'getAll' | 'getAllProjectsForOrganization', Ask>>
  readonly projectWhitelist: Readonly<Record<'get' | 'getAll' | 'create' | 'update' | 'delete', Ask>>
  readonly projectAccesslist: Readonly<Record<'get' | 'getAll' | 'create' | 'update' | 'delete', Ask>>
  readonly customDbRole: Readonly<Record<'get' | 'getAll' | 'create' | 'update' | 'delete', Ask>>
}

export function nodeClient(running: RunningApp): NodeClient {
  const packages = createRequire(join(npmPackages('atlas'), 'package.json'))
  const { publicKey, privateKey } = running.key
  const baseUrl = `${originOf(running)}/api/atlas/v1.0`
  return packages('mongodb-atlas-api-client')({ publicKey, privateKey, baseUrl, projectId: running.project })
}
