import { Fault } from '../../domain/fault.ts'
import type { Connection } from '../../domain/servers/connection.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import { type UserKey, userKeyText } from '../../domain/users/user.ts'
import type { Store } from '../../store/store.ts'
import type { Links } from '../links/links.ts'
import { wholeKey } from './account-key.ts'
import { connectionsElsewhere } from './elsewhere.ts'
import { findLogin } from './finding.ts'
import { withRecord } from './user-view.ts'
import { noUser } from './users.ts'

/** Keeps us from cutting off the branch we sit on: the logins that connections use. */
export interface Protection {
  /** Throws if a connection has logged in as this user. */
  check(instance: Instance, key: UserKey, what: string, signal: AbortSignal): Promise<void>
  /** Connections whose password is this user's, for sure. */
  loggedInAs(instance: Instance, key: UserKey, signal: AbortSignal): Promise<readonly Connection[]>
  /** Names under which connections log in: whoever has none of them is no connection's login. */
  names(instance: Instance, signal: AbortSignal): Promise<ReadonlySet<string>>
  /** Throws if a connection logs in as this user, or will once it is tried: it would be cut off. */
  checkMayEnd(instance: Instance, key: UserKey, signal: AbortSignal): Promise<void>
  /** Throws where the password comes from outside and we could not change it there, or where another project would be shut out. */
  checkResettable(instance: Instance, connections: readonly Connection[]): void
  /** Throws unless the login is one that Rolecall made: policy `manageExisting` is false. */
  checkMadeHere(instance: Instance, key: UserKey, signal: AbortSignal): Promise<void>
  /** Throws if the login is shut out because its time is over. */
  checkNotOver(instance: Instance, key: UserKey, signal: AbortSignal): Promise<void>
}

const isSame = (one: UserKey, other: UserKey) => userKeyText(one) === userKeyText(other)

export function createProtection({ store, links }: { readonly store: Store; readonly links: Links }): Protection {
  /** Connections that log in as this user; where nobody knows as whom one does, those that may. */
  async function connectionsOf(instance: Instance, key: UserKey, signal: AbortSignal): Promise<readonly Connection[]> {
    await links.manager(instance, signal) // First contact proves the logins, so ask for them after it.
    const others = await connectionsElsewhere({ store, links }, instance, key.name)
    const theirs = others.filter(one => (one.account ? isSame(one.account, key) : mayBe(instance, one, key)))
    const named = (await store.read.connections.ofInstance(instance.id)).filter(one => mayBe(instance, one, key))
    if (key.host === undefined || named.length === 0) return [...named, ...theirs]
    // Of several logins with one name a server takes a connection for one, and only the server can say for which.
    const asked = await Promise.all(named.map(one => withAccount(instance, one, signal)))
    return [...asked.filter(({ account }) => !account || isSame(account, key)), ...theirs]
  }

  function mayBe(instance: Instance, { username, authDatabase, account }: Connection, key: UserKey): boolean {
    if (account && isSame(account, key)) return true
    const { about } = links.engineOf(instance)
    const { authDatabase: own } = wholeKey(about, instance, { name: username, authDatabase })
    return username === key.name && own === key.authDatabase
  }

  /** Others may have made, or dropped, a login that fits better since it was asked last. Whoever is not let in stays who it was. */
  async function withAccount(instance: Instance, connection: Connection, signal: AbortSignal): Promise<Connection> {
    const account = await links.accountOf(instance, connection, signal)
    return { ...connection, account: account ?? connection.account }
  }

  async function loggedInAs(instance: Instance, key: UserKey, signal: AbortSignal): Promise<readonly Connection[]> {
    const all = await connectionsOf(instance, key, signal)
    return key.host === undefined ? all : all.filter(({ account }) => account !== undefined)
  }

  async function names(instance: Instance, signal: AbortSignal): Promise<ReadonlySet<string>> {
    await links.manager(instance, signal)
    const own = await store.read.connections.ofInstance(instance.id)
    const ways = ['fingerprint', 'port'] as const
    const others = await Promise.all(ways.map(by => store.read.connections.elsewhere(instance.id, by)))
    const all = [...own, ...others.flat()]
    return new Set(all.flatMap(({ username, account }) => (account ? [username, account.name] : [username])))
  }

  async function check(instance: Instance, key: UserKey, what: string, signal: AbortSignal): Promise<void> {
    const [user] = (await connectionsOf(instance, key, signal)).filter(({ provedAt }) => provedAt !== undefined)
    if (user) throw inUse(key, what)
  }

  async function checkMayEnd(instance: Instance, key: UserKey, signal: AbortSignal): Promise<void> {
    if ((await loggedInAs(instance, key, signal)).length > 0) throw inUse(key, 'given an end')
  }

  function checkResettable({ projectId }: Instance, connections: readonly Connection[]): void {
    const foreign = connections.find(one => one.projectId !== projectId)
    if (foreign) throw inUse({ name: foreign.username }, 'reset')
    const outside = connections.find(({ credential }) => credential?.kind === 'env' || credential?.kind === 'file')
    if (!outside) return
    throw new Fault(
      'in_use',
      'user',
      "A connection takes this login's password from outside, so it can't be reset here",
    )
  }

  async function checkMadeHere(instance: Instance, key: UserKey, signal: AbortSignal): Promise<void> {
    const user = await links.read(instance, signal, client => findLogin(store.read, client, instance, key))
    if (!user) throw noUser(key)
    const { record } = await withRecord(store.read, instance, user)
    if (!record?.madeBy)
      throw new Fault(
        'forbidden',
        'user',
        `${key.name} was made by others, and the policy manageExisting keeps such logins as they are`,
      )
  }

  async function checkNotOver(instance: Instance, key: UserKey, signal: AbortSignal): Promise<void> {
    const text = userKeyText(key)
    const known = (await store.read.expiries.findMany(instance.id, [text])).get(text)
    if (known?.lockedAt === undefined || known.due > (await store.now())) return
    const user = await links.read(instance, signal, client => findLogin(store.read, client, instance, key))
    if (user?.incarnation !== known.incarnation) return
    throw new Fault('refused', 'user', `The time of ${key.name} is over: give it a later validUntil, or none, first`)
  }

  return { loggedInAs, names, check, checkMayEnd, checkResettable, checkMadeHere, checkNotOver }
}

function inUse({ name }: UserKey, what: string): Fault {
  return new Fault('in_use', 'user', `${name} is the login of a connection to this server, so it can't be ${what}`)
}
