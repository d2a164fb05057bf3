import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { lineCalls } from '../clients/line-calls.ts'
import { pythonWith } from '../clients/python.ts'
import {
  type ChangesUsers,
  type DoCluster,
  type DoEngineOptions,
  type DoUser,
  type ErrorBody,
  type FetchesCertificates,
  fromBase64,
  type HasDatabases,
  type KnowsOptions,
  Refusal,
  type Releases,
  type ResetsUsers,
} from './driver.ts'

export interface Pydo extends Releases, KnowsOptions, FetchesCertificates, ChangesUsers, ResetsUsers, HasDatabases {
  /** Any method of `client.databases`, with what it returns or how it raises. */
  call(method: string, ...args: readonly unknown[]): Promise<PydoOutcome>
}

export interface PydoOutcome {
  // biome-ignore lint/suspicious/noExplicitAny: pydo hands over any JSON.
  readonly result?: any
  /** Of the error that it raised. */
  readonly kind?: string
  readonly status?: number
  readonly body?: string
}

const BRIDGE = fileURLToPath(new URL('pydo-bridge.py', import.meta.url))

/** pydo on azure-core: retries by itself. It gives its token to https alone, so it has to trust `certificate`, a PEM file. */
export async function pydo(origin: string, token: string, certificate: string): Promise<Pydo> {
  const bridge = lineCalls(start(origin, token, certificate), 'pydo')
  const call = async (method: string, ...args: readonly unknown[]) =>
    (await bridge.ask({ method, args })) as PydoOutcome

  async function asked<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    const { result, ...raised } = await call(method, ...args)
    if (raised.kind) throw refusal(raised)
    // It returns the body of a 404 as if it were an answer.
    if (result && 'message' in result) throw new Refusal(result.message, 404, result.id)
    return result as T
  }
  const act = async (method: string, ...args: readonly unknown[]) => void (await asked(method, ...args))
  const user = async (method: string, ...args: readonly unknown[]) =>
    (await asked<{ user: DoUser }>(method, ...args)).user
  const cluster = async (method: string, argument: unknown) =>
    (await asked<{ database: DoCluster }>(method, argument)).database
  const db = async (method: string, id: string, argument: unknown) =>
    (await asked<{ db: { name: string } }>(method, id, argument)).db.name
  return {
    call,
    clusters: async () => (await asked<{ databases: DoCluster[] }>('list_clusters')).databases,
    cluster: id => cluster('get_cluster', id),
    adopt: wish => cluster('create_cluster', wish),
    release: id => act('destroy_cluster', id),
    options: async () => (await asked<{ options: Record<string, DoEngineOptions> }>('list_options')).options,
    certificate: async id => fromBase64((await asked<{ ca: { certificate: string } }>('get_ca', id)).ca.certificate),
    users: async id => (await asked<{ users: DoUser[] }>('list_users', id)).users,
    user: (id, name) => user('get_user', id, name),
    addUser: (id, name) => user('add_user', id, { name }),
    changeUser: (id, name, settings) => user('update_user', id, name, { settings }),
    resetUser: (id, name) => user('reset_auth', id, name, {}),
    dropUser: (id, name) => act('delete_user', id, name),
    databases: async id => (await asked<{ dbs: { name: string }[] }>('list', id)).dbs.map(({ name }) => name),
    database: (id, name) => db('get', id, name),
    addDatabase: (id, name) => db('add', id, { name }),
    dropDatabase: (id, name) => act('delete', id, name),
    [Symbol.asyncDispose]: bridge.end,
  }
}

function refusal({ kind, status, body = '' }: PydoOutcome): Refusal {
  if (status === undefined) return new Refusal(`${kind}: ${body}`)
  const { id, message } = JSON.parse(body) as ErrorBody
  return new Refusal(message ?? body, status, id)
}

function start(endpoint: string, token: string, certificate: string): ChildProcess {
  const env = { ...process.env, REQUESTS_CA_BUNDLE: certificate, PYTHONDONTWRITEBYTECODE: '' }
  const flags = [BRIDGE, JSON.stringify({ endpoint, token })]
  return spawn(pythonWith('digitalocean'), flags, { env, stdio: ['pipe', 'pipe', 'pipe'] })
}
