import type { Access, AccessGrant, AccessSubject, Entity } from '../../domain/callers/access.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Connection, Credential, HostPort, TestRecord } from '../../domain/servers/connection.ts'
import type { DataSource } from '../../domain/servers/data-source.ts'
import type { Instance, ServerFacts } from '../../domain/servers/instance.ts'
import type { UserKey } from '../../domain/users/user.ts'

export interface Instances {
  add(instance: Instance): Promise<void>
  find(id: string): Promise<Instance | undefined>
  /** By id order, within a project. `visibleTo` leaves out what access lists hide from that operator: here, and wherever it stands. */
  list(projectId: string, page: KeyPage, visibleTo?: string): Promise<Page<Instance>>
  /** The instance of the project and engine that one of the addresses leads to. */
  findByAddress(projectId: string, engine: string, addresses: readonly HostPort[]): Promise<Instance | undefined>
  /** Instances of another project that lead to the same server: by an address, or by what that server says of itself. */
  twins(id: string, projectId: string): Promise<readonly string[]>
  /** The instance of the project with that name, or that slug. */
  findNamed(
    projectId: string,
    names: { readonly name: string } | { readonly slug: string },
  ): Promise<Instance | undefined>
  /** True if another instance of the project has the name or slug, or goes by that name in a dialect. */
  isTaken(
    projectId: string,
    names: { readonly name?: string; readonly slug?: string },
    except?: string,
  ): Promise<boolean>
  /** Counts `version` up; throws `precondition_failed` unless the stored version is `instance.version`. Leaves what `see` writes alone. */
  save(instance: Instance): Promise<Instance>
  /**
   * What the server said on contact; does not count as a change of the instance. Adds the fingerprint to the known set when `trust`,
   * and leaves the managing connection alone when none is given.
   */
  see(
    id: string,
    seen: { readonly server: ServerFacts; readonly managingConnectionId?: string; readonly trust: boolean },
  ): Promise<void>
  /** Fingerprints that this instance has shown; grows with failover. */
  fingerprints(id: string): Promise<readonly string[]>
  setChangedServer(
    id: string,
    changed: { readonly fingerprint: string; readonly since: number } | undefined,
  ): Promise<void>
  remove(id: string): Promise<void>
  /** Removes retired connections whose instances have nothing open any more, and no login with an end, and the instances that are leaving with them. */
  removeLeft(): Promise<void>
  count(projectId: string): Promise<number>
  /** How a dialect sees the instance; absent row: listed under its own name. */
  view(id: string, dialect: string): Promise<DialectView | undefined>
  /** How each dialect sees the instance, by dialect. */
  viewsOf(id: string): Promise<ReadonlyMap<string, DialectView>>
  /** Every view of the dialect in the project, by instance. */
  views(projectId: string, dialect: string): Promise<ReadonlyMap<string, DialectView>>
  /** Throws `exists instance` when another instance of the project has the alias there. */
  setView(id: string, dialect: string, view: DialectView): Promise<void>
}

/** `listed`: nobody asked for it by this dialect; `claimed`: adopted under `alias`; `released`: hidden from it until adopted again. */
export interface DialectView {
  readonly state: 'listed' | 'claimed' | 'released'
  readonly alias?: string
  /** What the dialect echoes, such as a maintenance window. */
  readonly details: Readonly<Record<string, unknown>>
}

export interface ConnectionFilter {
  readonly projectId: string
  /** Literal part of the name, compared in lower case without a locale. */
  readonly q?: string
  /** Leaves out every other type. */
  readonly databaseTypes?: readonly string[]
  readonly visibleTo?: string
}

export interface Connections {
  /** Throws `exists connection` when the name is taken in the project. */
  add(connection: Connection): Promise<void>
  find(id: string): Promise<Connection | undefined>
  /** As `find`, and nobody else changes it before this transaction is over. */
  hold(id: string): Promise<Connection | undefined>
  /** By creation, then id. Page-numbered APIs cut by offset. */
  listByOffset(
    filter: ConnectionFilter,
    offset: number,
    limit: number,
  ): Promise<{ readonly items: readonly Connection[]; readonly total: number }>
  /** By id order. */
  list(projectId: string, page: KeyPage, visibleTo?: string): Promise<Page<Connection>>
  /** Oldest first, retired ones too. */
  ofInstance(instanceId: string): Promise<readonly Connection[]>
  /**
   * Connections that have logged in and lead to other instances, in whatever project, whose server is the same, as both have said
   * (`fingerprint`), or may be, since one has nothing to say and a port is the same (`port`). `username`: only those with that login.
   */
  elsewhere(instanceId: string, by: 'fingerprint' | 'port', username?: string): Promise<readonly Connection[]>
  /**
   * Counts `version` up; `credential` undefined keeps the stored one, `null` removes it. Throws `precondition_failed` on another version.
   * Leaves the last test alone, and the proof too unless it becomes another login or another instance's: then there is none yet.
   */
  save(connection: Connection, credential?: Credential | null): Promise<Connection>
  setProof(
    id: string,
    proof: { readonly at: number; readonly missingRights: readonly string[]; readonly account?: UserKey },
  ): Promise<void>
  setLastTest(id: string, test: TestRecord): Promise<void>
  /** Hides it from everybody but `ofInstance`: its credential is still needed for operations that are open. */
  retire(id: string, at: number): Promise<void>
  remove(id: string): Promise<boolean>
}

/** Who may do what with single things, beside the roles in their project. Grants go with what they are on, and with whom they are for. */
export interface AccessLists {
  /** Adds, or changes the access. */
  set(grant: AccessGrant): Promise<void>
  remove(entity: Entity, subject: AccessSubject): Promise<boolean>
  /** Oldest first. */
  list(entity: Entity): Promise<readonly AccessGrant[]>
  /** The strongest access that reaches the operator, itself, by a team, or as a member of the project; things without any are absent. */
  strongest(operatorId: string, kind: Entity['kind'], ids: readonly string[]): Promise<ReadonlyMap<string, Access>>
  /** Does some connection that the operator sees lead to the instance. */
  seesInstance(operatorId: string, instanceId: string): Promise<boolean>
  seesOperation(operatorId: string, operationId: string): Promise<boolean>
}

export interface DataSourceFilter {
  readonly projectId: string
  readonly q?: string
  readonly visibleTo?: string
}

export interface DataSources {
  add(source: DataSource): Promise<void>
  find(id: string): Promise<DataSource | undefined>
  /** By creation, then id. */
  listByOffset(
    filter: DataSourceFilter,
    offset: number,
    limit: number,
  ): Promise<{ readonly items: readonly DataSource[]; readonly total: number }>
  /** Counts `version` up; throws `precondition_failed` on another version. */
  save(source: DataSource): Promise<DataSource>
  remove(id: string): Promise<boolean>
  /** Ids of those that read through one of the connections, oldest first. */
  using(connectionIds: readonly string[], limit: number): Promise<readonly string[]>
}
