import { createRequire } from 'node:module'
import { join } from 'node:path'
import { npmPackages } from '../clients/npm.ts'
import { type Driver, MOST_PAGES, Refusal, type TroveInstance, type TroveUser } from './driver.ts'

type Done = (error: PkgcloudError | null | undefined, ...results: never[]) => void

interface PageWish {
  readonly instance?: string
  readonly limit?: number
  readonly offset?: string
}

/** The part of pkgcloud that tests call. */
export interface PkgcloudClient {
  getVersion(done: Done): void
  getFlavors(done: Done): void
  getFlavor(id: unknown, done: Done): void
  getInstances(wish: PageWish, done: Done): void
  getInstance(id: string, done: Done): void
  createInstance(wish: object, done: Done): void
  destroyInstance(id: string, done: Done): void
  restartInstance(id: string, done: Done): void
  setFlavor(id: string, flavor: object, done: Done): void
  setVolumeSize(id: string, size: number, done: Done): void
  createDatabase(wish: object, done: Done): void
  getDatabases(wish: PageWish, done: Done): void
  destroyDatabase(name: string, instance: string, done: Done): void
  createUser(wish: object, done: Done): void
  getUsers(wish: PageWish, done: Done): void
  destroyUser(instance: string, name: string, done: Done): void
  enableRoot(instance: string, done: Done): void
  rootEnabled(instance: string, done: Done): void
  enableRootUser(instance: string, done: Done): void
  listRootStatus(instance: string, done: Done): void
}

interface PkgcloudError extends Error {
  readonly statusCode?: number
  readonly result?: Readonly<Record<string, { readonly message?: string }>>
}

export interface PkgcloudWish {
  readonly provider: 'openstack' | 'rackspace'
  readonly authUrl: string
  readonly username: string
  readonly [option: string]: string
}

export interface Pkgcloud extends Driver {
  readonly calls: PkgcloudClient
  /** What a call hands to its callback; a refusal where it hands an error. */
  results<T extends readonly unknown[]>(call: (done: Done) => void): Promise<T>
}

/** pkgcloud on `request`: it asks for a token before its first call, and looks in the catalogue for where to go. */
export async function pkgcloud(wish: PkgcloudWish): Promise<Pkgcloud> {
  const packages = createRequire(join(npmPackages('trove'), 'package.json'))
  const { database } = packages('pkgcloud') as { database: { createClient(wish: object): PkgcloudClient } }
  const calls = database.createClient({ ...wish })
  const one = async <T>(call: (done: Done) => void): Promise<T> => (await results<[T]>(call))[0]
  const act = async (call: (done: Done) => void): Promise<void> => void (await results(call))
  const flavor = async () => (await one<readonly object[]>(done => calls.getFlavors(done)))[0]
  return {
    showsHosts: false,
    calls,
    results,
    instances: limit => everyPage<TroveInstance>((page, done) => calls.getInstances(page, done), { limit }),
    instance: id => one(done => calls.getInstance(id, done)),
    adopt: async name => {
      const wanted = { name, flavor: await flavor(), size: 1 }
      return await one(done => calls.createInstance(wanted, done))
    },
    release: id => act(done => calls.destroyInstance(id, done)),
    restart: id => act(done => calls.restartInstance(id, done)),
    resizeVolume: (id, size) => act(done => calls.setVolumeSize(id, size, done)),
    flavors: () => one(done => calls.getFlavors(done)),
    users: (instance, limit) => everyPage<TroveUser>((page, done) => calls.getUsers(page, done), { instance, limit }),
    createUsers: (instance, users) => {
      const wanted = users.map(({ name, password, databases }) => ({ instance, username: name, password, databases }))
      return act(done => calls.createUser(wanted.length === 1 ? wanted[0]! : wanted, done))
    },
    dropUser: (instance, name) => act(done => calls.destroyUser(instance, name, done)),
    databases: async (instance, limit) => {
      const all = await everyPage<{ name: string }>((page, done) => calls.getDatabases(page, done), { instance, limit })
      return all.map(({ name }) => name)
    },
    createDatabase: (instance, name, character_set, collate) =>
      act(done => calls.createDatabase({ instance, name, character_set, collate }, done)),
    dropDatabase: (instance, name) => act(done => calls.destroyDatabase(name, instance, done)),
    rootEnabled: instance => one(done => calls.rootEnabled(instance, done)),
    enableRoot: instance => one(done => calls.enableRoot(instance, done)),
    [Symbol.asyncDispose]: async () => undefined,
  }
}

/** Its pages hand over what the next one begins after, or null. */
async function everyPage<T>(call: (page: PageWish, done: Done) => void, wish: PageWish): Promise<readonly T[]> {
  const all: T[] = []
  let offset: string | undefined
  for (let page = 0; page < MOST_PAGES; page++) {
    const [items, next] = await results<[readonly T[], string | null]>(done => call({ ...wish, offset }, done))
    all.push(...items)
    if (!next) return all
    offset = next
  }
  throw new Error('pkgcloud turns pages in a circle')
}

function results<T extends readonly unknown[]>(call: (done: Done) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    call((error, ...values) => (error ? reject(refusal(error)) : resolve(values as unknown as T))),
  )
}

function refusal({ message, statusCode, result }: PkgcloudError): Refusal {
  const [said] = Object.values(result ?? {})
  return new Refusal(said?.message ?? message, statusCode)
}
