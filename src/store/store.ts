import type { Access, AccessGrant, AccessSubject, Entity } from '../domain/access.ts'
import type { AccessListEntry } from '../domain/access-list-entry.ts'
import type { ApiKey, KeyProject } from '../domain/api-key.ts'
import type { AuditLine } from '../domain/audit.ts'
import type { Change, Subject } from '../domain/change.ts'
import type { Connection, Credential, HostPort, TestRecord } from '../domain/connection.ts'
import type { DataSource } from '../domain/data-source.ts'
import type { Expiry } from '../domain/expiry.ts'
import type { FaultRecord } from '../domain/fault.ts'
import type { Instance, ServerFacts } from '../domain/instance.ts'
import type { Invitation } from '../domain/invitation.ts'
import type { Need } from '../domain/need.ts'
import type { Operation, OperationState, StepShown, TargetOutcome } from '../domain/operation.ts'
import type { Operator } from '../domain/operator.ts'
import type { KeyPage, Page } from '../domain/page.ts'
import type { Member, Project } from '../domain/project.ts'
import type { Role } from '../domain/role.ts'
import type { Secret } from '../domain/secret.ts'
import type { ServiceAccount, ServiceAccountSecret } from '../domain/service-account.ts'
import type { Team, TeamMember, TeamRole } from '../domain/team.ts'
import type { Token } from '../domain/token.ts'
import type { UserKey } from '../domain/user.ts'
import type { Places, ProjectRecord, RecordPlan } from './project-record.ts'
import type { UserRecord } from './user-record.ts'

/**
 * What Rolecall remembers. The same queries run over SQLite and PostgreSQL. Throws `Fault`s: `unavailable store` when it can't be
 * reached, `exists` where a unique index says so (subject: what is taken), `precondition_failed` where a version does not fit.
 */
export interface Store {
  /** 8 hex digits that tell this installation's marks from another's. */
  readonly installation: string
  /** True while no other process can serve from it: whatever is leased was left behind by a process that is gone. */
  readonly alone: boolean
  /** Reads, outside of any transaction; each sees what was committed before it began. */
  readonly read: Tables
  /**
   * All of `work`, or none of it. In `work` use `tables` alone, and wait for nothing but the store; a fault ends it: never carry on
   * after one. PostgreSQL may undo it to end a deadlock: `work` is then run again from its beginning.
   */
  transaction<T>(work: (tables: Tables) => Promise<T>): Promise<T>
  /** A change that is one statement by itself: where the store is another process it costs one round trip, and no transaction. */
  statement<T>(work: (tables: Tables) => Promise<T>): Promise<T>
  /** The store's clock, in epoch milliseconds: the one that replicas agree on. */
  now(): Promise<number>
  /** Wraps every data key with the first master key of the ring, so that older ones may be put away. Answers how many. */
  rewrap(): Promise<number>
  /** Cheapest possible question; throws when the store is away. */
  ping(): Promise<void>
  /** Lets running transactions end first. */
  close(): Promise<void>
}

/** One member per table, or family of tables. */
export interface Tables {
  readonly now: () => Promise<number>
  readonly operators: Operators
  readonly projects: Projects
  readonly members: Members
  readonly keys: Keys
  readonly instances: Instances
  readonly connections: Connections
  readonly access: AccessLists
  readonly teams: Teams
  readonly invitations: Invitations
  readonly dataSources: DataSources
  readonly users: UserRecords
  readonly expiries: Expiries
  readonly projectRecords: ProjectRecords
  readonly operations: Operations
  readonly replays: Replays
  readonly tokens: Tokens
  readonly nonceWindows: NonceWindows
  readonly serviceAccounts: ServiceAccounts
  readonly accessListEntries: AccessListEntries
  readonly audit: Audit
}

export interface Operators {
  add(operator: Operator): Promise<void>
  find(id: string): Promise<Operator | undefined>
  findByUsername(username: string): Promise<Operator | undefined>
  list(page: KeyPage): Promise<Page<Operator>>
  /** As `find`, and whoever else holds it waits until this transaction is over. */
  hold(id: string): Promise<Operator | undefined>
  /** What it says of itself: address and name, and nothing else of it. */
  describe(operator: Operator): Promise<void>
  /** Undefined: it may call Rolecall again. */
  setDisabled(id: string, at: number | undefined): Promise<void>
  setHome(id: string, projectId: string): Promise<void>
  /** With its memberships, teams, access and keys; what it did stays in the audit. */
  remove(id: string): Promise<boolean>
  count(): Promise<number>
}

export interface Projects {
  add(project: Project): Promise<void>
  find(id: string): Promise<Project | undefined>
  findByAlias(alias: string): Promise<Project | undefined>
  /** As `find`, and whoever else holds it waits until this transaction is over. */
  hold(id: string): Promise<Project | undefined>
  /** By id order; `among` narrows to these ids. */
  list(page: KeyPage, among?: readonly string[]): Promise<Page<Project>>
  /** Counts `version` up; throws `precondition_failed` unless the stored version is `project.version`. */
  save(project: Project): Promise<Project>
  remove(id: string): Promise<void>
}

export interface Members {
  list(projectId: string, page: KeyPage): Promise<Page<Member>>
  find(projectId: string, operatorId: string): Promise<Member | undefined>
  /** Adds, or changes the role. */
  set(projectId: string, operatorId: string, role: Role, now: number): Promise<void>
  remove(projectId: string, operatorId: string): Promise<boolean>
  countWith(projectId: string, role: Role): Promise<number>
  /** Every project that the operator belongs to. */
  listOf(operatorId: string): Promise<readonly Member[]>
}

/** What the lookup of a credential finds, in one query. */
export interface KeyMatch {
  readonly key: ApiKey
  readonly operator: Operator
  /** The operator's own roles. */
  readonly memberships: ReadonlyMap<string, Role>
}

/** HA1 of RFC 7616: hashes of `public:realm:private`, as good as the private half for Digest. */
export interface DigestHalves {
  readonly md5: Secret
  readonly sha256: Secret
}

export interface Keys {
  /** Stores a keyed hash and the sealed Digest halves of `secret`, never `secret`. */
  add(key: ApiKey, secret: Secret): Promise<void>
  find(id: string): Promise<ApiKey | undefined>
  findByPublicKey(publicKey: string): Promise<ApiKey | undefined>
  /** By the private half; revoked and expired keys too: the caller decides. One query. */
  match(secret: Secret): Promise<KeyMatch | undefined>
  /** Keys that name the project, by id. */
  list(projectId: string, page: KeyPage, operatorId?: string): Promise<Page<ApiKey>>
  /** By the public half, for HTTP Digest: with the two sealed HA1 values of the realm `MMS Public API`. */
  matchPublic(publicKey: string): Promise<(KeyMatch & { readonly digest: DigestHalves }) | undefined>
  /** Every key of an operator, by id, whatever it opens. */
  listOf(operatorId: string): Promise<readonly ApiKey[]>
  /** Says what it is for. */
  describe(id: string, description: string | undefined): Promise<void>
  /** Binds it to client networks; none: it is good from anywhere. */
  setNetworks(id: string, networks: readonly string[]): Promise<void>
  /** Adds the project to the key, or changes what the key may do in it. */
  setProject(keyId: string, project: KeyProject): Promise<void>
  /** The key opens the project no more. */
  removeProject(keyId: string, projectId: string): Promise<void>
  /** Makes another project the key's home, in place of the one that was: it opens that one no more. */
  move(keyId: string, from: string, to: KeyProject): Promise<void>
  /** False: it has been revoked before. */
  revoke(id: string, at: number): Promise<boolean>
  /** Written at most once a minute per key; a lost write is no harm. */
  touch(id: string, at: number): Promise<void>
}

export interface Instances {
  add(instance: Instance): Promise<void>
  find(id: string): Promise<Instance | undefined>
  /** By id order, within a project. `visibleTo` leaves out what access lists hide from that operator: here, and wherever it stands. */
  list(projectId: string, page: KeyPage, visibleTo?: string): Promise<Page<Instance>>
  /** The instance of the project and engine that one of the addresses leads to. */
  findByAddress(projectId: string, engine: string, addresses: readonly HostPort[]): Promise<Instance | undefined>
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

export interface Teams {
  /** Throws `exists team` when the name is taken in the project. */
  add(team: Team): Promise<void>
  find(id: string): Promise<Team | undefined>
  /** By name; `q` is a literal part of it, `memberId` narrows to an operator's own. */
  list(projectId: string, filter: { readonly q?: string; readonly memberId?: string }): Promise<readonly Team[]>
  remove(id: string): Promise<boolean>
  members(teamId: string): Promise<readonly TeamMember[]>
  /** Adds, or changes the role. Throws `conflict` unless the operator is a member of the project. */
  setMember(team: Team, operatorId: string, role: TeamRole, now: number): Promise<void>
  removeMember(teamId: string, operatorId: string): Promise<boolean>
  roleOf(teamId: string, operatorId: string): Promise<TeamRole | undefined>
}

/** Who is asked into a project and has not come yet. */
export interface Invitations {
  /** Stores a keyed hash of `code`, never `code`. */
  add(invitation: Invitation, code: Secret): Promise<void>
  find(id: string): Promise<Invitation | undefined>
  findByCode(code: Secret): Promise<Invitation | undefined>
  /** Oldest first; `q` is a literal part of the address. */
  list(projectId: string, q?: string): Promise<readonly Invitation[]>
  remove(id: string): Promise<boolean>
  /** Removes those whose time is over. */
  sweep(now: number): Promise<void>
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

export interface UserRecords {
  find(instanceId: string, key: string): Promise<UserRecord | undefined>
  findMany(instanceId: string, keys: readonly string[]): Promise<ReadonlyMap<string, UserRecord>>
  /** Adds, or replaces the record of that key. Its end, if it has one, is a promise from then on, and begins anew when it is moved. */
  put(record: UserRecord): Promise<void>
  /** The same with what `change` makes of the record that is there; nobody else writes it in between. Undefined: nothing is written. */
  change(
    instanceId: string,
    key: string,
    change: (before: UserRecord | undefined) => UserRecord | undefined,
  ): Promise<UserRecord | undefined>
  remove(instanceId: string, key: string): Promise<void>
  count(instanceId: string): Promise<number>
}

/** Promises to drop logins, kept in step with their records by `users.put` and `users.remove`. */
export interface Expiries {
  findMany(instanceId: string, keys: readonly string[]): Promise<ReadonlyMap<string, Expiry>>
  /** Instances with logins whose time has come and that nobody looks after, those that wait longest first. */
  waitingInstances(now: number): Promise<readonly string[]>
  /** Takes up to `limit` of them on one instance, until `leaseUntil`; counts the try. `open`: only such as nobody has shut out yet. */
  claim(
    instanceId: string,
    worker: string,
    now: number,
    leaseUntil: number,
    limit: number,
    which?: 'open',
  ): Promise<readonly ClaimedExpiry[]>
  /** It is shut out, and still there. Answers false unless it is as it was claimed; so do the next three. */
  locked(expiry: ClaimedExpiry, now: number): Promise<boolean>
  /** It is shut out, and may be claimed again at once: that was no try to drop it. */
  shutOut(expiry: ClaimedExpiry, now: number): Promise<boolean>
  /** It could not be dropped, and waits for its next try. */
  postpone(expiry: ClaimedExpiry, tryAt: number, fault: FaultRecord): Promise<boolean>
  /** Nothing is left to be done; what else is known of the login stays. */
  remove(expiry: ClaimedExpiry): Promise<boolean>
  /** Frees what is claimed: only for the start of a process that has its store alone. */
  release(): Promise<void>
  count(instanceId: string): Promise<number>
  backlog(now: number): Promise<ExpiryBacklog>
}

export interface ClaimedExpiry extends Expiry {
  readonly worker: string
}

/** Logins whose time is over, and that are still there. */
export interface ExpiryBacklog {
  readonly open: number
  readonly locked: number
  /** When the first of those that nobody has shut out yet fell due. */
  readonly oldestOpen?: number
  readonly oldestLocked?: number
}

/** Users and roles of projects. A change of one is as open as the operation that makes it. */
export interface ProjectRecords {
  /** By creation. */
  list(projectId: string, kind: ProjectRecord['kind']): Promise<readonly ProjectRecord[]>
  find(projectId: string, kind: ProjectRecord['kind'], key: string): Promise<ProjectRecord | undefined>
  /** As `find`, and whoever else changes it waits until this transaction is over. */
  hold(record: Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>): Promise<ProjectRecord | undefined>
  /** Projects that have any. */
  projects(): Promise<readonly string[]>
  /** Adds or replaces it, without an operation. */
  put(record: ProjectRecord): Promise<void>
  remove(record: Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>): Promise<void>
  /** What an operation is to make of it. Throws `conflict` while another change of it is open. */
  begin(plan: RecordPlan, now: number): Promise<void>
  /** It is so, though `open` servers are still to follow; what was to go is gone once there are none. */
  finish(operationId: string, open: number): Promise<void>
  /** It was made, or refused, on some instances, and dropped on others. */
  move(
    record: Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>,
    made: Places,
    dropped: readonly string[],
  ): Promise<void>
  /** It stays as it was. */
  undo(operationId: string): Promise<void>
}

/** What `begin` writes, in one transaction of its caller. */
export interface NewOperation {
  readonly id: string
  readonly projectId: string
  readonly operatorId: string
  readonly keyId?: string
  readonly address: string
  readonly dialect: Operation['dialect']
  readonly requestId: string
  readonly createdAt: number
  readonly worker: string
  readonly leaseUntil: number
  readonly targets: readonly {
    readonly instanceId: string
    readonly subject: Subject
    /** Passwords in it are sealed apart. */
    readonly change: Change
    readonly incarnation?: string
    readonly steps: readonly StepShown[]
    /** What the record beside the engine becomes when the target settles; opaque to the store, which keeps it as JSON: no secrets. */
    readonly record?: Readonly<Record<string, unknown>>
  }[]
}

export interface OperationFilter {
  readonly projectId: string
  readonly state?: OperationState | 'stuck'
  readonly instanceId?: string
  readonly subject?: Subject
  readonly visibleTo?: string
}

/** An operation as the worker takes it up. */
export interface ClaimedOperation extends Operation {
  readonly worker: string
}

export interface Operations {
  /**
   * Throws `conflict` (subject: the target's kind) when another operation is open on one of the subjects. Answers whether one may have
   * ended there since `plannedAt`.
   */
  begin(operation: NewOperation, plannedAt?: number): Promise<boolean>
  find(id: string): Promise<Operation | undefined>
  /** Newest first; pages after an id. */
  list(filter: OperationFilter, page: KeyPage): Promise<Page<Operation>>
  /** The open operation on a subject. */
  findOpen(instanceId: string, subject: Subject): Promise<Operation | undefined>
  countOpen(instanceId: string): Promise<number>
  /** Makes the worker's leases on these attempts last until `until`; answers those that are still its own. */
  renew(worker: string, attempts: readonly AttemptId[], until: number): Promise<readonly AttemptId[]>
  /** Writes anew what was seen before the first statement, of each target; false unless the operation is open and held so. */
  replan(id: string, held: Held, targets: readonly TargetSeen[]): Promise<boolean>
  /** Takes up to `limit` open operations whose lease ran out and whose next try has come; counts the attempt. */
  claim(worker: string, now: number, leaseUntil: number, limit: number): Promise<readonly ClaimedOperation[]>
  /** Every one of the following does nothing and answers false unless the operation is open and leased to `worker` in `attempt`. */
  /**
   * One outcome (none: it was not done, and `fault` says why) and one list of steps for each target. The answer is undelivered until
   * `answerUntil`; none to hand over: 0.
   */
  settle(
    id: string,
    held: Held,
    outcomes: readonly (TargetOutcome | undefined)[],
    steps: readonly (readonly StepShown[])[],
    now: number,
    answerUntil: number,
    fault?: FaultRecord,
  ): Promise<boolean>
  undo(id: string, held: Held, fault: FaultRecord, now: number): Promise<boolean>
  /** These targets are done, or (without an outcome) left alone; `fault`: why not. Answers how many are still open: with the last it settles. */
  finishTargets(
    id: string,
    held: Held,
    done: readonly DoneTarget[],
    now: number,
    fault?: FaultRecord,
  ): Promise<number | undefined>
  /** From now on these targets are to be taken back. */
  turnBack(
    id: string,
    held: Held,
    back: readonly (Pick<NewOperation['targets'][number], 'change' | 'record'> & { readonly position: number })[],
  ): Promise<boolean>
  /** Closes the target on a subject of an operation that waits for its next try: a later change takes its place. Answers whose it was. */
  supersede(instanceId: string, subject: Subject, now: number): Promise<string | undefined>
  /** It failed, and waits until `nextTryAt`; the lease is given up. */
  postpone(id: string, held: Held, fault: FaultRecord, nextTryAt: number): Promise<boolean>
  /** An operator gives it up; whoever holds it. Answers false unless it is open. */
  abandon(id: string, operatorId: string, now: number): Promise<boolean>
  /** Lets the worker try a stuck one at once. */
  hurry(id: string, now: number): Promise<boolean>
  /** The client took the last byte: the sealed answer is erased, unless `keep` (an Idempotency-Key wants it until its time is over). */
  delivered(id: string, keep?: boolean): Promise<void>
  /** The undelivered answer, once: erases it. Only for its own caller. */
  takeAnswer(id: string, operatorId: string, now: number): Promise<readonly TargetOutcome[] | undefined>
  /** Reads the outcomes without taking them, for a replay. */
  outcomes(id: string): Promise<readonly TargetOutcome[] | undefined>
  /** Erases answers and replays whose time is over; answers how many. */
  sweep(now: number): Promise<number>
}

/** A target that has come to its end before others. */
export interface DoneTarget {
  readonly position: number
  readonly outcome?: TargetOutcome
  readonly steps: readonly StepShown[]
}

/** One try at an operation. */
export interface AttemptId {
  readonly operationId: string
  readonly attempt: number
}

/** What `begin` wrote of a target that depends on how the engine was found. */
export type TargetSeen = Pick<NewOperation['targets'][number], 'incarnation' | 'steps' | 'record'>

/** Whose turn it is: settle, undo and postpone only count for the attempt that holds the lease. */
export interface Held {
  readonly worker: string
  readonly attempt: number
}

/** `Idempotency-Key`s and other replays: a request that may come again. */
export interface Replay {
  readonly keyId: string
  /** The caller's text, or a dialect's own (`digitalocean POST /v2/...`). */
  readonly replayKey: string
  /** Keyed hash of the whole request. */
  readonly requestHash: string
  readonly operationId?: string
  /** Sealed: the finished answer as it was sent. */
  readonly answer?: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    /** What its caller has to have still, to get it again. */
    readonly needs?: readonly Need[]
  }
  readonly until: number
}

/** A replay in the hands of the request that claimed its key. */
export interface ClaimedReplay extends Replay {
  /** The `until` of the row when the key was claimed. A key can be claimed anew only after that, so a later claim is told by a later one. */
  readonly claim: number
}

export interface Replays {
  /** Keyed hash of a request, so that the store keeps no password. */
  hash(text: string): string
  find(keyId: string, replayKey: string, now: number): Promise<Replay | undefined>
  /** Throws `exists` when the key is taken and still valid. */
  add(replay: Replay): Promise<void>
  /** Keeps the answer, or which operation will have it. Throws `conflict request` when another request has claimed the key since. */
  save(replay: ClaimedReplay): Promise<void>
  /** Leaves the row alone when another request has claimed the key since, or an operation has begun that `replay` doesn't know of. */
  remove(replay: ClaimedReplay): Promise<void>
  /** Frees every key whose request has changed nothing yet: only for the start of a process that has its store alone. */
  removeUnfinished(): Promise<void>
}

export interface Tokens {
  /** Stores a keyed hash of `secret`, never `secret`. */
  add(token: Token, secret: Secret): Promise<void>
  /** By the token itself; one whose time is over too, until it is swept: the caller decides. */
  find(secret: Secret): Promise<Token | undefined>
  remove(id: string): Promise<void>
  /** Removes those whose time is over. */
  sweep(now: number): Promise<void>
}

/** Which counts were used with a nonce of HTTP Digest. */
export interface NonceWindows {
  /** Keyed; replicas share the key. */
  hash(text: string): string
  /**
   * False where the count was used with the nonce before, or is more than 63 below the highest. Of a nonce that is not known any count is
   * the first. One statement.
   */
  use(use: {
    readonly nonce: string
    readonly keyId: string
    readonly count: number
    readonly until: number
  }): Promise<boolean>
  sweep(now: number): Promise<void>
}

/** Keys whose private half nobody has, and the secrets that stand for them. */
export interface ServiceAccounts {
  /** Its key is there. */
  add(account: ServiceAccount): Promise<void>
  find(keyId: string): Promise<ServiceAccount | undefined>
  /** Those among these keys that are service accounts. */
  listAmong(keyIds: readonly string[]): Promise<readonly ServiceAccount[]>
  rename(keyId: string, name: string): Promise<void>
  addSecret(secret: ServiceAccountSecret): Promise<void>
  /** Oldest first; those whose time is over, too. */
  secrets(keyId: string): Promise<readonly ServiceAccountSecret[]>
  removeSecret(keyId: string, id: string): Promise<boolean>
  touchSecret(id: string, at: number): Promise<void>
}

/** Client networks that projects name. */
export interface AccessListEntries {
  /** Oldest first, without those whose time is over. */
  list(projectId: string, now: number): Promise<readonly AccessListEntry[]>
  /** Adds it, or changes what is said of it. */
  set(entry: AccessListEntry): Promise<void>
  remove(projectId: string, network: string): Promise<boolean>
  /** Removes those whose time is over. */
  sweep(now: number): Promise<void>
}

export interface Audit {
  add(line: AuditLine): Promise<void>
  list(projectId: string, page: KeyPage): Promise<Page<AuditLine & { readonly id: string }>>
  /** In the order in which they were written, after a line's id. */
  listAfter(
    projectId: string,
    after: string,
    limit: number,
    visibleTo?: string,
  ): Promise<readonly (AuditLine & { readonly id: string })[]>
  /** Id of the newest line. */
  lastId(projectId: string): Promise<string | undefined>
}
