import { Fault } from '../../domain/fault.ts'
import type { Connection } from '../../domain/servers/connection.ts'
import type { Instance, ServerFacts } from '../../domain/servers/instance.ts'
import type { UserKey } from '../../domain/users/user.ts'
import type { Store, Tables } from '../../store/store.ts'

/** Notices what a server says of itself on contact: a new version, a standby, or that it is another server than before. */
export interface ServerWatch {
  /** On every read; writes only what is news. */
  saw(instance: Instance, server: ServerFacts): Promise<void>
  /** A connection's login worked: it is protected from now on, and manages if nothing is missing and nobody else does. */
  proved(instance: Instance, connection: Connection, seen: ProofSeen): Promise<void>
  /** From now on this connection manages the instance. */
  elect(instance: Instance, managingConnectionId: string, server: ServerFacts): Promise<void>
  /** Throws `server_changed` before anything is changed on a server that is not the one we knew. */
  checkSame(instance: Instance, server: ServerFacts): Promise<void>
  /** The same, by a connection that need not be the one that manages: that it leads where it did says nothing of the others. */
  checkKnown(instance: Instance, server: ServerFacts): Promise<void>
}

/** What was seen when a connection's login worked. */
export interface ProofSeen {
  readonly server: ServerFacts
  readonly missingRights: readonly string[]
  /** Which login the server took it for, where its name alone doesn't say. */
  readonly login?: UserKey
}

export function createWatch(store: Store): ServerWatch {
  async function saw(instance: Instance, server: ServerFacts): Promise<void> {
    if (isOldNews(instance, server)) return
    if (await isAnother(instance, server)) return noteChanged(instance, server)
    await store.transaction(tables => tables.instances.see(instance.id, { server, trust: true }))
  }

  async function proved(
    instance: Instance,
    connection: Connection,
    { server, missingRights, login: account }: ProofSeen,
  ): Promise<void> {
    const another = await isAnother(instance, server)
    await store.transaction(async tables => {
      await tables.connections.setProof(connection.id, { at: await tables.now(), missingRights, account })
      if (another) return
      const manages = missingRights.length === 0 && (await isFree(tables, instance))
      const managingConnectionId = manages ? connection.id : undefined
      await tables.instances.see(instance.id, { server, managingConnectionId, trust: true })
    })
    if (another) await noteChanged(instance, server)
  }

  /** Nobody manages it yet, or one that lacks rights which this one has. */
  async function isFree(tables: Tables, { managingConnectionId }: Instance): Promise<boolean> {
    const manager = managingConnectionId && (await tables.connections.find(managingConnectionId))
    return !manager || (manager.missingRights?.length ?? 0) > 0
  }

  function elect(instance: Instance, managingConnectionId: string, server: ServerFacts): Promise<void> {
    return store.transaction(tables => tables.instances.see(instance.id, { server, managingConnectionId, trust: true }))
  }

  async function checkSame(instance: Instance, server: ServerFacts): Promise<void> {
    await checkKnown(instance, server)
    await noteBack(instance)
  }

  async function checkKnown(instance: Instance, server: ServerFacts): Promise<void> {
    if (!(await isAnother(instance, server))) return
    await noteChanged(instance, server)
    throw new Fault(
      'server_changed',
      'instance',
      'The connection leads to another server than before; changes wait until an admin accepts it',
    )
  }

  async function isAnother(instance: Instance, server: ServerFacts): Promise<boolean> {
    const known = instance.server?.fingerprint
    if (!known || !server.fingerprint || known === server.fingerprint) return false
    return !(await store.read.instances.fingerprints(instance.id)).includes(server.fingerprint)
  }

  async function noteChanged(instance: Instance, { fingerprint }: ServerFacts): Promise<void> {
    if (!fingerprint || instance.changedServer?.fingerprint === fingerprint) return
    await store.transaction(async tables =>
      tables.instances.setChangedServer(instance.id, { fingerprint, since: await tables.now() }),
    )
  }

  /** It leads to a server that we know again: nothing is left to accept. */
  async function noteBack(instance: Instance): Promise<void> {
    if (!instance.changedServer) return
    await store.transaction(tables => tables.instances.setChangedServer(instance.id, undefined))
  }

  return { saw, proved, elect, checkSame, checkKnown }
}

function isOldNews({ server: known }: Instance, server: ServerFacts): boolean {
  return (
    known?.version === server.version &&
    known.variant === server.variant &&
    known.readOnly === server.readOnly &&
    known.fingerprint === server.fingerprint
  )
}
