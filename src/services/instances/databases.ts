import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Database, EngineRole, NewDatabase } from '../../domain/servers/database.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Links } from '../links/links.ts'
import { type Asked, type Prepared, prepare, prepareMany } from '../operations/prepared.ts'
import type { Instances } from './instances.ts'

export interface DatabaseDone {
  readonly operationId: string
  readonly database?: Database
}

/** The databases of an instance, read from its server on every request. */
export interface Databases {
  list(caller: Caller, instanceId: string, page: KeyPage, signal: AbortSignal): Promise<Page<Database>>
  get(caller: Caller, instanceId: string, name: string, signal: AbortSignal): Promise<Database>
  create(asked: Asked, instanceId: string, wanted: NewDatabase): Promise<Prepared<DatabaseDone>>
  /** As one operation: all of them are made, or none. */
  createMany(
    asked: Asked,
    instanceId: string,
    wanted: readonly NewDatabase[],
  ): Promise<Prepared<Pick<DatabaseDone, 'operationId'>>>
  /** `force` ends the sessions that use it; undefined: what policy says. */
  drop(asked: Asked, instanceId: string, name: string, force?: boolean): Promise<Prepared<DatabaseDone>>
  /** Roles that can be granted: the catalogue's and the engine's own. */
  roles(caller: Caller, instanceId: string, signal: AbortSignal): Promise<readonly EngineRole[]>
}

export interface DatabaseParts {
  readonly links: Links
  readonly instances: Instances
  readonly ledger: Ledger
}

export function createDatabases({ links, instances, ledger }: DatabaseParts): Databases {
  async function list(caller: Caller, instanceId: string, page: KeyPage, signal: AbortSignal): Promise<Page<Database>> {
    const instance = await instances.allow(caller, instanceId, 'read')
    const rows = `databases ${JSON.stringify(page)}`
    return links.readShared(instance, rows, signal, client => client.listDatabases(page))
  }

  async function get(caller: Caller, instanceId: string, name: string, signal: AbortSignal): Promise<Database> {
    const instance = await instances.allow(caller, instanceId, 'read')
    const database = await links.read(instance, signal, client => client.findDatabase(name))
    if (!database) throw noDatabase(name)
    return database
  }

  async function create(asked: Asked, instanceId: string, database: NewDatabase): Promise<Prepared<DatabaseDone>> {
    const instance = await instances.allowChange(asked.caller, instanceId, 'create')
    const wish = { username: asked.caller.operator.username }
    return prepare(
      ledger,
      asked,
      instance,
      { change: { kind: 'create-database', database }, wish },
      async operationId => ({
        operationId,
        database: await links.read(instance, asked.signal, client => client.findDatabase(database.name)),
      }),
    )
  }

  async function createMany(asked: Asked, instanceId: string, wanted: readonly NewDatabase[]) {
    const instance = await instances.allowChange(asked.caller, instanceId, 'create')
    const wish = { username: asked.caller.operator.username }
    const targets = wanted.map(database => ({ change: { kind: 'create-database', database } as const, wish }))
    return prepareMany(ledger, asked, instance, targets, async operationId => ({ operationId }))
  }

  async function drop(
    asked: Asked,
    instanceId: string,
    name: string,
    force?: boolean,
  ): Promise<Prepared<DatabaseDone>> {
    const instance = await instances.allowChange(asked.caller, instanceId, 'delete')
    const { forceDropDatabase } = await instances.policyOf(instance)
    if (force && !forceDropDatabase)
      throw new Fault('forbidden', 'database', 'force needs the policy forceDropDatabase on this instance')
    const wish = { username: asked.caller.operator.username }
    const change = { kind: 'drop-database', name, force: force ?? forceDropDatabase } as const
    const target = { change, wish, ifMissing: noDatabase(name) }
    return prepare(ledger, asked, instance, target, async operationId => ({ operationId }))
  }

  async function roles(caller: Caller, instanceId: string, signal: AbortSignal): Promise<readonly EngineRole[]> {
    const instance = await instances.allow(caller, instanceId, 'read')
    return links.read(instance, signal, client => client.listRoles())
  }

  return { list, get, create, createMany, drop, roles }
}

function noDatabase(name: string): Fault {
  return new Fault('not_found', 'database', `No database ${name} on this instance`)
}
