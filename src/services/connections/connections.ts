import type { Caller } from '../../domain/callers/caller.ts'
import { Fault, type Violation } from '../../domain/fault.ts'
import { newShortId } from '../../domain/id.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import { addressesOf, type Connection } from '../../domain/servers/connection.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { Policy } from '../../domain/servers/policy.ts'
import type { Engines } from '../../engines/registry.ts'
import type { ConnectionFilter } from '../../store/interface/servers.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkAccess, checkRight, viewerIn } from '../access/access.ts'
import {
  type ConnectionSeen,
  mustSee,
  noConnection,
  sharedWithAll,
  viewerAs,
  withAccess,
} from '../access/connection-access.ts'
import { mayReferTo } from '../links/targets.ts'
import type { NetworkGuard } from '../network/network-guard.ts'
import { auditOf } from '../operations/audit.ts'
import { lastWord } from '../operations/contention.ts'
import { changeStore } from '../operations/store-change.ts'
import { violationsOf } from './connection-rules.ts'
import { actionOf, credentialOf, fieldsOf, sameAddresses, tidy, toConnection, toWish } from './connection-shape.ts'
import type { ConnectionWish } from './connection-wish.ts'
import { checkAgrees, leaveIfEmpty, newInstance, type OnLeave, removeConnections } from './instance-making.ts'
import { checkLasts } from './lasting.ts'
import { checkMayMove } from './moving.ts'

export type { ConnectionSeen }

export interface ConnectionShown extends ConnectionSeen {
  readonly instance: Instance
}

export interface ConnectionPage {
  readonly items: readonly ConnectionSeen[]
  readonly total: number
}

/** Stored coordinates of the servers of a project. None of these contacts a server. */
export interface Connections {
  list(caller: Caller, projectId: string, page: KeyPage): Promise<Page<ConnectionShown>>
  /** `seenBy` narrows to what another member sees; only an admin may ask that. */
  listByOffset(
    caller: Caller,
    filter: Omit<ConnectionFilter, 'visibleTo'>,
    offset: number,
    limit: number,
    seenBy?: string,
  ): Promise<ConnectionPage>
  get(caller: Caller, id: string): Promise<ConnectionShown>
  /** Everything wrong with the values themselves; stores nothing and asks nobody. */
  violationsOf(wish: ConnectionWish): readonly Violation[]
  create(caller: Caller, projectId: string, wish: ConnectionWish): Promise<ConnectionShown>
  /** The same, and what else belongs to it, in one transaction; answers what `finish` does. */
  createWith<T>(
    caller: Caller,
    projectId: string,
    wish: ConnectionWish,
    finish: (tables: Tables, made: ConnectionShown) => Promise<T>,
  ): Promise<T>
  /** Fields that `wish` leaves out stay as they are, the password too. */
  change(caller: Caller, id: string, wish: Partial<ConnectionWish>, version?: number): Promise<ConnectionShown>
  /** The last connection takes its instance along. Refused while data sources read through it. */
  remove(caller: Caller, id: string, version?: number): Promise<void>
}

export interface ConnectionParts {
  readonly store: Store
  readonly engines: Engines
  readonly guard: NetworkGuard
  readonly credentials: readonly string[]
  readonly installationPolicy: Policy
  readonly onLeave?: OnLeave
}

export function createConnections(parts: ConnectionParts): Connections {
  const { store, engines, guard } = parts

  async function list(caller: Caller, projectId: string, page: KeyPage): Promise<Page<ConnectionShown>> {
    checkRight(caller, projectId, 'coordinates')
    const found = await store.read.connections.list(projectId, page, viewerIn(caller, projectId))
    const seen = await withAccess(store.read, caller, projectId, found.items)
    const items = await Promise.all(seen.map(one => shown(store.read, one)))
    return { items, next: found.next }
  }

  async function listByOffset(
    caller: Caller,
    filter: Omit<ConnectionFilter, 'visibleTo'>,
    offset: number,
    limit: number,
    seenBy: string = caller.operator.id,
  ): Promise<ConnectionPage> {
    const { projectId } = filter
    checkRight(caller, projectId, seenBy === caller.operator.id ? 'coordinates' : 'administer')
    const visibleTo = await viewerAs(store.read, caller, projectId, seenBy)
    const { items, total } = await store.read.connections.listByOffset({ ...filter, visibleTo }, offset, limit)
    return { items: await withAccess(store.read, caller, projectId, items), total }
  }

  async function get(caller: Caller, id: string): Promise<ConnectionShown> {
    return shown(store.read, await mustSee(store.read, caller, id))
  }

  async function createWith<T>(
    caller: Caller,
    projectId: string,
    raw: ConnectionWish,
    finish: (tables: Tables, made: ConnectionShown) => Promise<T>,
  ): Promise<T> {
    checkRight(caller, projectId, 'register')
    const wish = tidy(raw)
    check(wish)
    return lastWord(undefined, () =>
      changeStore(store, async tables => finish(tables, await addOne(tables, caller, projectId, wish, raw))),
    )
  }

  async function addOne(
    tables: Tables,
    caller: Caller,
    projectId: string,
    wish: ConnectionWish,
    raw: ConnectionWish,
  ): Promise<ConnectionShown> {
    const now = await tables.now()
    const instance = await joinOrMake(tables, projectId, wish, now)
    await checkLasts(tables, engines.get(wish.engine).about, instance, wish)
    const connection = toConnection(wish, {
      id: newShortId(),
      projectId,
      instanceId: instance.id,
      createdBy: caller.operator.id,
      createdAt: now,
    })
    await tables.connections.add(connection)
    await tables.access.set(sharedWithAll(connection))
    const line = { projectId, action: 'connection.create', subject: connection.id, detail: fieldsOf(raw), at: now }
    await tables.audit.add(auditOf(caller, line))
    return shown(tables, { connection, access: 'admin' })
  }

  async function change(
    caller: Caller,
    id: string,
    raw: Partial<ConnectionWish>,
    version?: number,
  ): Promise<ConnectionShown> {
    checkAccess((await mustSee(store.read, caller, id)).access, 'edit')
    return lastWord(version, () => changeOne(caller, id, raw, version))
  }

  function changeOne(
    caller: Caller,
    id: string,
    raw: Partial<ConnectionWish>,
    version?: number,
  ): Promise<ConnectionShown> {
    return changeStore(store, async tables => {
      const { connection: before, access } = await mustSee(tables, caller, id)
      checkAccess(access, 'edit')
      const { projectId } = before
      const wish = tidy({ ...toWish(before), ...raw })
      check(wish)
      const isSecretNew = raw.password !== undefined || raw.credential !== undefined
      await checkMayMove(tables, caller, parts.installationPolicy, before, wish, isSecretNew)
      const now = await tables.now()
      const instanceId = await instanceAfter(tables, before, wish, raw, now)
      if (isOther(before, wish, instanceId))
        await checkLasts(tables, engines.get(wish.engine).about, (await tables.instances.find(instanceId))!, wish)
      const credential = credentialOf(raw)
      const after: Connection = {
        ...before,
        ...toConnection(wish, { ...before, instanceId }),
        updatedAt: now,
        version: version ?? before.version,
      }
      await tables.connections.save(after, credential)
      if (instanceId !== before.instanceId) await leaveIfEmpty(tables, before.instanceId)
      await tables.audit.add(
        auditOf(caller, {
          projectId,
          action: actionOf(before, wish, raw),
          subject: id,
          detail: fieldsOf(raw),
          at: now,
        }),
      )
      return shown(tables, await mustSee(tables, caller, id))
    })
  }

  async function remove(caller: Caller, id: string, version?: number): Promise<void> {
    checkAccess((await mustSee(store.read, caller, id)).access, 'remove')
    await lastWord(version, () => changeStore(store, tables => removeOne(tables, caller, id, version)))
  }

  async function removeOne(tables: Tables, caller: Caller, id: string, version?: number): Promise<void> {
    await tables.connections.hold(id)
    const { connection, access } = await mustSee(tables, caller, id)
    checkAccess(access, 'remove')
    const { projectId } = connection
    if (version !== undefined && version !== connection.version)
      throw new Fault('precondition_failed', 'connection', 'The connection has changed since it was read')
    const now = await tables.now()
    if ((await removeConnections(tables, connection.instanceId, [id], now, parts.onLeave)) === 0) throw noConnection(id)
    await tables.audit.add(
      auditOf(caller, { projectId, action: 'connection.delete', subject: id, detail: [], at: now }),
    )
  }

  function check(wish: ConnectionWish): void {
    const violations = violationsIn(wish)
    if (violations.length > 0)
      throw new Fault('invalid', 'connection', 'The connection is not acceptable', { violations })
  }

  function violationsIn(wish: ConnectionWish): readonly Violation[] {
    const violations = [...violationsOf(wish, engines.get(wish.engine).about, guard)]
    const { credential } = wish
    const refers = credential?.kind === 'env' || credential?.kind === 'file'
    if (refers && !mayReferTo(credential, parts.credentials)) {
      violations.push({
        pointer: '/credential',
        detail: `is not named by the setting credentials.allow (${parts.credentials.join(', ')})`,
      })
    }
    return violations
  }

  async function joinOrMake(tables: Tables, projectId: string, wish: ConnectionWish, now: number): Promise<Instance> {
    const known = await tables.instances.findByAddress(
      projectId,
      wish.engine,
      addressesOf({ ...wish, hosts: wish.hosts ?? [] }),
    )
    if (known) {
      checkAgrees(known, wish)
      return known.leaving ? tables.instances.save({ ...known, leaving: false, updatedAt: now }) : known
    }
    const instance = await newInstance(tables, projectId, wish, now)
    await tables.instances.add(instance)
    return instance
  }

  /** Other hosts can lead to another instance; the same ones stay where they are, whatever else changes. */
  async function instanceAfter(
    tables: Tables,
    before: Connection,
    wish: ConnectionWish,
    raw: Partial<ConnectionWish>,
    now: number,
  ): Promise<string> {
    const moved =
      raw.host !== undefined || raw.port !== undefined || raw.hosts !== undefined || raw.engine !== undefined
    const same = moved && before.engine === wish.engine && sameAddresses(before, wish)
    if (moved && !same) return (await joinOrMake(tables, before.projectId, wish, now)).id
    const instance = await tables.instances.find(before.instanceId)
    if (instance) checkAgrees(instance, raw)
    return before.instanceId
  }

  return {
    list,
    listByOffset,
    get,
    violationsOf: wish => violationsIn(tidy(wish)),
    create: (caller, projectId, wish) => createWith(caller, projectId, wish, async (_tables, made) => made),
    createWith,
    change,
    remove,
  }
}

/** It will log in as somebody else, or elsewhere. */
function isOther(before: Connection, { username, authDatabase }: ConnectionWish, instanceId: string): boolean {
  return before.username !== username || before.authDatabase !== authDatabase || before.instanceId !== instanceId
}

async function shown(tables: Tables, { connection, access }: ConnectionSeen): Promise<ConnectionShown> {
  const instance = await tables.instances.find(connection.instanceId)
  if (!instance) throw new Fault('internal', 'instance', 'The connection has lost its instance')
  return { connection, instance, access }
}
