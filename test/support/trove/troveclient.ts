import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { lineCalls } from '../clients/line-calls.ts'
import { pythonWith } from '../clients/python.ts'
import { Refusal, type TroveInstance, type TroveUser, type WholeDriver, type Whom } from './driver.ts'

/** How its users come in: by Keystone's version 3 or 2, with a token, an application credential, or without a session as of old. */
export type Way = 'v3' | 'v2' | 'token' | 'application' | 'old'

export interface TroveclientWish {
  readonly way: Way
  readonly origin: string
  readonly project: string
  readonly username: string
  readonly password: string
  readonly region?: string
}

interface Outcome {
  // biome-ignore lint/suspicious/noExplicitAny: troveclient hands over any JSON.
  readonly result?: any
  /** Of the error that it raised. */
  readonly kind?: string
  readonly status?: number
  readonly message?: string
}

type Keywords = Readonly<Record<string, unknown>>

export interface Troveclient extends WholeDriver {
  /** Any `manager.method` of it, with what it returns. */
  // biome-ignore lint/suspicious/noExplicitAny: troveclient hands over any JSON.
  call(method: string, args?: readonly unknown[], keywords?: Keywords): Promise<any>
}

const BRIDGE = fileURLToPath(new URL('trove-bridge.py', import.meta.url))

/** troveclient on keystoneauth: it looks for versions of the identity service first, then for the database service in the catalogue. */
export async function troveclient(wish: TroveclientWish): Promise<Troveclient> {
  const bridge = lineCalls(start(wish), 'troveclient')

  async function ask(method: string, args: readonly unknown[], kwargs: Keywords = {}, pages = false) {
    const { result, kind, message = '', status } = (await bridge.ask({ method, args, kwargs, pages })) as Outcome
    if (kind) throw new Refusal(status === undefined ? `${kind}: ${message}` : message, status)
    return result
  }
  const call = (method: string, args: readonly unknown[] = [], kwargs: Keywords = {}) => ask(method, args, kwargs)
  const act = async (method: string, ...args: readonly unknown[]) => void (await ask(method, args))
  const all = (method: string, args: readonly unknown[], limit?: number) => ask(method, args, { limit }, true)
  const whom = async (method: string, args: readonly unknown[], { host: hostname }: Whom) =>
    await ask(method, args, hostname === undefined ? {} : { hostname })

  return {
    showsHosts: true,
    call,
    instances: limit => all('instances.list', [], limit) as Promise<readonly TroveInstance[]>,
    instance: id => call('instances.get', [id]),
    adopt: name => call('instances.create', [name], { flavor_id: '1', volume: { size: 1 } }),
    release: id => act('instances.delete', id),
    restart: id => act('instances.restart', id),
    resizeVolume: (id, size) => act('instances.resize_volume', id, size),
    rename: async (id, name) => void (await call('instances.update', [id], { name })),
    flavors: () => call('flavors.list'),
    users: (instance, limit) => all('users.list', [instance], limit) as Promise<readonly TroveUser[]>,
    createUsers: (instance, users) =>
      act(
        'users.create',
        instance,
        users.map(user => ({ ...user, databases: named(user.databases) })),
      ),
    createUser: (instance, user) => act('users.create', instance, [{ ...user, databases: named(user.databases) }]),
    user: (instance, { name, ...of }) => whom('users.get', [instance, name], { name, ...of }),
    changeUser: async (instance, { name, ...of }, change) =>
      void (await whom('users.update_attributes', [instance, name, change], { name, ...of })),
    dropUser: (instance, name) => act('users.delete', instance, name),
    dropWhom: async (instance, of) => void (await whom('users.delete', [instance, of.name], of)),
    access: async (instance, of) => namesOf(await whom('users.list_access', [instance, of.name], of)),
    grant: async (instance, of, databases) => void (await whom('users.grant', [instance, of.name, databases], of)),
    revoke: async (instance, of, database) => void (await whom('users.revoke', [instance, of.name, database], of)),
    databases: async (instance, limit) => namesOf(await all('databases.list', [instance], limit)),
    createDatabase: (instance, name, character_set, collate) =>
      act('databases.create', instance, [{ name, character_set, collate }]),
    dropDatabase: (instance, name) => act('databases.delete', instance, name),
    rootEnabled: async instance => (await call('root.is_root_enabled', [instance])).rootEnabled,
    enableRoot: async instance => {
      const [name, password] = await call('root.create', [instance])
      return { name, password }
    },
    disableRoot: instance => act('root.delete', instance),
    [Symbol.asyncDispose]: bridge.end,
  }
}

const named = (names: readonly string[]) => names.map(name => ({ name }))
const namesOf = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name)

function start(wish: TroveclientWish): ChildProcess {
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '' }
  return spawn(pythonWith('trove'), [BRIDGE, JSON.stringify(wish)], { env, stdio: ['pipe', 'pipe', 'pipe'] })
}
