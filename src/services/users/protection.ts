import type { Connection } from '../../domain/connection.ts'
import { Fault } from '../../domain/fault.ts'
import type { Instance } from '../../domain/instance.ts'
import { type UserKey, userKeyText } from '../../domain/user.ts'
import type { Store } from '../../store/store.ts'
import type { Links } from '../links/links.ts'
import { wholeKey } from './account-key.ts'
import { findLogin } from './finding.ts'
import { withRecord } from './user-view.ts'
import { noUser } from './users.ts'

/** Keeps us from cutting off the branch we sit on: the logins that connections use. */
export interface Protection {
  /** Connections that log in as this user. */
  connectionsOf(instance: Instance, key: UserKey, signal: AbortSignal): Promise<readonly Connection[]>
  /** Throws if a connection has logged in as this user. */
  check(instance: Instance, key: UserKey, what: string, signal: AbortSignal): Promise<void>
  /** Throws where the password comes from outside and we could not change it there. */
  checkResettable(connections: readonly Connection[]): void
  /** Throws unless the login is one that Rolecall made: policy `manageExisting` is false. */
  checkMadeHere(instance: Instance, key: UserKey, signal: AbortSignal): Promise<void>
  /** Throws if the login is shut out because its time is over. */
  checkNotOver(instance: Instance, key: UserKey, signal: AbortSignal): Promise<void>
}

export function createProtection({ store, links }: { readonly store: Store; readonly links: Links }): Protection {
  async function connectionsOf(instance: Instance, key: UserKey, signal: AbortSignal): Promise<readonly Connection[]> {
    const manager = await links.manager(instance, signal) // First contact proves the logins, so ask for them after it.
    const { about } = links.engineOf(instance)
    const isNamed = ({ username, authDatabase }: Connection) =>
      username === key.name &&
      wholeKey(about, instance, { name: username, authDatabase }).authDatabase === key.authDatabase
    const named = (await store.read.connections.ofInstance(instance.id)).filter(isNamed)
    if (named.length === 0 || key.host === undefined || manager.username !== key.name) return named
    // Of several logins with one name the server took us for one: the others are nobody's here.
    const login = await links.read(instance, signal, async client => client.login)
    return login === undefined || userKeyText(login) === userKeyText(key) ? named : []
  }

  async function check(instance: Instance, key: UserKey, what: string, signal: AbortSignal): Promise<void> {
    const [user] = (await connectionsOf(instance, key, signal)).filter(({ provedAt }) => provedAt !== undefined)
    if (user)
      throw new Fault(
        'in_use',
        'user',
        `${key.name} is the login of a connection to this server, so it can't be ${what}`,
      )
  }

  function checkResettable(connections: readonly Connection[]): void {
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

  return { connectionsOf, check, checkResettable, checkMadeHere, checkNotOver }
}
