import { Fault, isFault } from '../../domain/fault.ts'
import type { Secret } from '../../domain/secret.ts'
import { addressesOf, type Connection } from '../../domain/servers/connection.ts'
import type { Instance, ServerFacts } from '../../domain/servers/instance.ts'
import type { UserKey } from '../../domain/users/user.ts'
import type { AdminClient, Engine, Foreseen, ReadPool, SessionName, Target } from '../../engines/engine.ts'
import type { Engines } from '../../engines/registry.ts'
import type { Links as LedgerLinks, OpenLink } from '../../ledger/links.ts'
import type { Store } from '../../store/store.ts'
import { type Contact, createBreakers } from './breakers.ts'
import { createInstanceTurns } from './instance-turns.ts'
import { createNextQueries } from './next-query.ts'
import { createReadPools } from './read-pools.ts'
import { createWatch } from './server-watch.ts'
import { createSpareLinks } from './spare-links.ts'
import { passwordBehind, type TargetRules, targetOf } from './targets.ts'

/** How an instance is reached: through its managing connection, found on first contact. */
export interface Links extends LedgerLinks, AsyncDisposable {
  /** Reads over a kept link. */
  read<T>(instance: Instance, signal: AbortSignal, work: (client: AdminClient) => Promise<T>): Promise<T>
  /** The same, but requests for the same rows that come while a query for them runs share the next one (`rows` says which they are). */
  readShared<T>(
    instance: Instance,
    rows: string,
    signal: AbortSignal,
    work: (client: AdminClient) => Promise<T>,
  ): Promise<T>
  /** The connection that manages: the oldest whose login proved to have the rights. Finds it by trying, if nobody has yet. */
  manager(instance: Instance, signal: AbortSignal): Promise<Connection>
  /** Which login the server takes the connection for, asked now; undefined where its name says it all, or it is not let in. */
  accountOf(instance: Instance, connection: Connection, signal: AbortSignal): Promise<UserKey | undefined>
  /** What came of the last try to reach it; asks nobody. */
  lastContact(instance: Instance): Contact | undefined
  /** Every address that the connection leads to, as `address:port`; those of names that lead nowhere are left out. */
  whereTo(connection: Connection): Promise<ReadonlySet<string>>
  /** Tries one login of the instance. */
  canLogIn(instance: Instance, key: { readonly name: string }, password: Secret, signal: AbortSignal): Promise<boolean>
}

export interface LinkParts {
  readonly store: Store
  readonly engines: Engines
  readonly rules: TargetRules
  readonly linksPerInstance: number
  readonly linksInAll: number
}

/** A login that worked. */
interface Proof {
  readonly connection: Connection
  /** How many rights it lacks. */
  readonly missing: number
  readonly server: ServerFacts
  readonly account?: UserKey
}

/** A shared query may wait for a link and for its server; each caller's own deadline is shorter. */
const SHARED_MS = 30_000

/** An idle reading link is closed after this long: managed servers count their connections. */
const IDLE_MS = 30_000

export function createLinks(parts: LinkParts): Links {
  const { store, engines, rules, linksPerInstance, linksInAll } = parts
  const breakers = createBreakers()
  const nextQueries = createNextQueries()
  const turns = createInstanceTurns(linksPerInstance, linksInAll)
  const spares = createSpareLinks(() => turns.free)
  const watch = createWatch(store)
  // All pools together keep no more links than `linksInAll`.
  const pools = createReadPools(makePool, Math.max(1, Math.floor(linksInAll / linksPerInstance)))

  const engineOf = (instance: Pick<Instance, 'engine'>): Engine => engines.get(instance.engine)

  async function read<T>(
    instance: Instance,
    signal: AbortSignal,
    work: (client: AdminClient) => Promise<T>,
  ): Promise<T> {
    return breakers.run(instance.id, async () => {
      const connection = await manager(instance, signal)
      const pool = await pools.of(connection)
      const asked = pool.use(signal, async client => {
        await watch.saw(instance, client.server)
        return work(client)
      })
      return asked.catch(error => {
        // A password that is only referred to may have been changed where it is kept.
        if (isFault(error) && error.details.reason === 'password') pools.forget(connection)
        throw error
      })
    })
  }

  function readShared<T>(
    instance: Instance,
    rows: string,
    signal: AbortSignal,
    work: (client: AdminClient) => Promise<T>,
  ): Promise<T> {
    // Its deadline is its own: no caller's hanging up may cancel what others wait for.
    const query = () => within(SHARED_MS, until => read(instance, until, work))
    return nextQueries.ask(`${instance.id} ${rows}`, signal, query)
  }

  async function makePool(connection: Connection): Promise<ReadPool> {
    const max = Math.min(connection.options.poolMax ?? linksPerInstance, linksPerInstance)
    return engines.get(connection.engine).pool(await targetBehind(connection), { max, idleMs: IDLE_MS })
  }

  async function targetBehind(connection: Connection): Promise<Target> {
    return targetOf(connection, await passwordBehind(connection.credential, rules.credentials), rules)
  }

  async function manager(instance: Instance, signal: AbortSignal): Promise<Connection> {
    const known = instance.managingConnectionId && (await store.read.connections.find(instance.managingConnectionId))
    // It may have moved to another server since.
    return known && known.instanceId === instance.id ? known : elect(instance, signal)
  }

  /** First contact: the oldest of those that lack the fewest rights manages from now on, and what it lacks is shown. */
  async function elect(instance: Instance, signal: AbortSignal): Promise<Connection> {
    const proofs: Proof[] = []
    let last: unknown = new Fault('unavailable', 'instance', 'No connection leads to this instance')
    for (const connection of await store.read.connections.ofInstance(instance.id)) {
      try {
        const proof = await prove(instance, connection, signal)
        if (proof.missing === 0) return connection
        proofs.push(proof)
      } catch (error) {
        last = error
      }
    }
    const [best] = proofs.toSorted((one, other) => one.missing - other.missing)
    if (!best) throw last
    await watch.elect(instance, best.connection.id, best.server)
    return best.connection
  }

  async function prove(instance: Instance, connection: Connection, signal: AbortSignal): Promise<Proof> {
    const session = { installation: store.installation, operation: 'first-contact' }
    await using client = await engineOf(instance).open(await targetBehind(connection), session, signal)
    const missingRights = await client.missingRights()
    const { server, login } = client
    await watch.proved(instance, connection, { server, missingRights, login })
    return { connection, missing: missingRights.length, server, account: login }
  }

  async function accountOf(
    instance: Instance,
    connection: Connection,
    signal: AbortSignal,
  ): Promise<UserKey | undefined> {
    try {
      return (await prove(instance, connection, signal)).account
    } catch (error) {
      if (isFault(error) && isKeptOut(error)) return undefined
      throw error
    }
  }

  async function open(
    instanceId: string,
    session: SessionName,
    signal: AbortSignal,
    alsoTry?: Secret,
    foreseen?: Foreseen,
    turn?: Disposable,
  ): Promise<OpenLink> {
    await using opened = new AsyncDisposableStack()
    opened.use(turn)
    const instance = await mustFind(instanceId)
    const engine = engineOf(instance)
    if (!turn) opened.use(await turns.take(instanceId, signal))
    const reach = () =>
      withEither(instance, signal, alsoTry, target =>
        engine.open(target, session, signal, spares.of(instanceId), foreseen),
      )
    const client = opened.use(await breakers.run(instanceId, reach))
    await watch.checkSame(instance, client.server)
    const kept = opened.move()
    return { engine, client, [Symbol.asyncDispose]: () => kept.disposeAsync() }
  }

  async function endSession(
    instanceId: string,
    session: SessionName,
    signal: AbortSignal,
    alsoTry?: Secret,
  ): Promise<void> {
    const instance = await mustFind(instanceId)
    await withEither(instance, signal, alsoTry, target => engineOf(instance).endSession(target, session, signal))
  }

  /** With the stored password; and when that is refused, with the one that may have replaced it. */
  async function withEither<T>(
    instance: Instance,
    signal: AbortSignal,
    alsoTry: Secret | undefined,
    work: (target: Target) => Promise<T>,
  ): Promise<T> {
    const target = await targetBehind(await manager(instance, signal))
    try {
      return await work(target)
    } catch (error) {
      if (!alsoTry || !isFault(error) || error.details.reason !== 'password') throw error
      return work({ ...target, password: alsoTry })
    }
  }

  async function canLogIn(
    instance: Instance,
    key: { readonly name: string },
    password: Secret,
    signal: AbortSignal,
  ): Promise<boolean> {
    return engineOf(instance).canLogIn(await targetBehind(await manager(instance, signal)), key, password, signal)
  }

  async function whereTo(connection: Connection): Promise<ReadonlySet<string>> {
    const { engine } = connection
    const resolved = addressesOf(connection).map(async ({ host, port }) => {
      const addresses = await rules.guard.resolve({ engine, host, port }).catch(() => [])
      return addresses.map(address => `${LOOPBACK.has(address) ? 'loopback' : address}:${port}`)
    })
    return new Set((await Promise.all(resolved)).flat())
  }

  async function mustFind(id: string): Promise<Instance> {
    const instance = await store.read.instances.find(id)
    if (!instance) throw new Fault('not_found', 'instance', `No instance ${id}`)
    return instance
  }

  return {
    engineOf,
    read,
    readShared,
    manager,
    accountOf,
    whereTo,
    lastContact: ({ id }) => breakers.lastContact(id),
    open,
    endSession,
    canLogIn,
    turns: turns.takeEach,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([pools[Symbol.asyncDispose](), spares[Symbol.asyncDispose]()])
    },
  }
}

/** What listens on one of them mostly does on the other, and names lead to either. */
const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1'])

/** It is the login that does not work, and not its server. */
const isKeptOut = ({ details: { reason } }: Fault) =>
  reason === 'password' || reason === 'credential' || reason === 'database' || reason === 'rights'

/** A deadline that is gone with the work: `AbortSignal.timeout` is kept until it passes. */
async function within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new DOMException('The deadline passed', 'TimeoutError')), ms).unref()
  try {
    return await work(late.signal)
  } finally {
    clearTimeout(timer)
  }
}
