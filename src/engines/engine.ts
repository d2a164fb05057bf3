import type { StepShown } from '../domain/operations/operation.ts'
import type { KeyPage, Page } from '../domain/page.ts'
import type { Secret } from '../domain/secret.ts'
import type { HostPort, Tls } from '../domain/servers/connection.ts'
import type { Rows } from '../domain/servers/data-source.ts'
import type { Database, EngineRole } from '../domain/servers/database.ts'
import type { EngineName, ServerFacts } from '../domain/servers/instance.ts'
import type { Change } from '../domain/users/change.ts'
import type { GrantChange, GrantShown } from '../domain/users/grant.ts'
import type { DatabaseUser, Mark, Session, UserIdentity, UserKey } from '../domain/users/user.ts'

/** A database product: what it can do, what it would do, and how to reach one of its servers. Throws only `Fault`s. */
export interface Engine {
  readonly about: EngineDescription
  /** Pure: the exact statements that bring `facts` to what `change` wants, or why not. Already there: no steps. */
  plan(change: Change, facts: Facts): Plan
  /** The change that takes back what `change` did, given the facts from before it; undefined where one transaction did it all. */
  undo(change: Change, before: Facts): Change | undefined
  /**
   * A link for one attempt at one operation: one session that never reconnects and carries `session` as its name. An engine that can
   * goes on with a spare, if that is as good as a new session, and leaves one that is as good as new when the link is closed. The facts
   * of what is `foreseen` may be read on the way.
   */
  open(
    target: Target,
    session: SessionName,
    signal: AbortSignal,
    spares?: Spares,
    foreseen?: Foreseen,
  ): Promise<AdminClient>
  /** Ends what an earlier attempt left running on the server; returns when it is gone. */
  endSession(target: Target, session: SessionName, signal: AbortSignal): Promise<void>
  /** Links for reading, kept open and bounded; made on first use. */
  pool(target: Target, limits: PoolLimits): ReadPool
  /** Pure: the roles, as `DATABASE.ROLE`, that a change of grants leaves one with who has these: where `capabilities.projectUsers` says so. */
  rolesAfter?(grants: GrantChange, roles: readonly string[]): readonly string[]
  /** Ready-made strings for the usual clients, by the client's name; `password` is already in them. */
  connectionStrings(login: LoginShown): Readonly<Record<string, string>>
  /** Tries a login; false when its password is refused. */
  canLogIn(target: Target, key: UserKey, password: Secret, signal: AbortSignal): Promise<boolean>
}

/** A link with administrative rights. Every statement has a deadline, and is cancelled on the server when it or `signal` passes. */
export interface AdminClient extends AsyncDisposable {
  readonly server: ServerFacts
  /** Which login the server took this link for, where its name alone doesn't say. */
  readonly login?: UserKey
  /** What the managing login may not do, each in words; empty when it may do everything. */
  missingRights(): Promise<readonly string[]>
  /**
   * Logins in key order, cut by key inside the engine; system accounts hidden. `known` tells the incarnations that are remembered of
   * keys: what is one of them is a login even if its server does not call it so any more.
   */
  listUsers(page: KeyPage, known?: KnownLogins): Promise<Page<DatabaseUser>>
  /** Which logins there are, and no more of them: where `capabilities.projectUsers` says so. Where a server tells all at once, all come. */
  listIdentities?(page: IdentityPage): Promise<Page<UserIdentity>>
  /** Those of some logins that are there, in one question: where `capabilities.projectUsers` says so. */
  findUsers?(keys: readonly UserKey[]): Promise<readonly DatabaseUser[]>
  /** `incarnation`: one that is a login even if its server does not call it so any more. */
  findUser(key: UserKey, incarnation?: string): Promise<DatabaseUser | undefined>
  /** What the login of this incarnation is called now, where its server can tell. */
  keyOf?(incarnation: string): Promise<UserKey | undefined>
  /** What the login may do, read from every database that can be asked; `unreadable` names the others. */
  listGrants(key: UserKey): Promise<{ readonly grants: readonly GrantShown[]; readonly unreadable: readonly string[] }>
  listSessions(key: UserKey): Promise<readonly Session[]>
  listDatabases(page: KeyPage): Promise<Page<Database>>
  findDatabase(name: string): Promise<Database | undefined>
  listRoles(): Promise<readonly EngineRole[]>
  /** How strictly the server reads SQL, in its own words: where `capabilities.sqlMode` says so. */
  sqlMode?(): Promise<string>
  /** Columns and first rows of a table or view of the database that the link is in, as texts; long ones are cut. Changes nothing. */
  previewTable(name: string, limit: number): Promise<Rows>
  /** What a plan needs to know, read now. `mark` is what this operation leaves, or has left, on the engine. */
  facts(change: Change, mark: Mark): Promise<Facts>
  /**
   * One statement or one transaction; safe to run again. An engine that is asked for several things at once, and does them in their
   * order, answers along with it what is then found of the login `behind`; of others the answer says nothing.
   */
  run(step: Step, behind?: UserKey): Promise<FoundBehind | undefined>
}

/** What was found behind a step. */
export interface FoundBehind {
  readonly user?: DatabaseUser
}

/** The change whose facts will be asked for first on a link. */
export interface Foreseen {
  readonly change: Change
  readonly mark: Mark
}

/** What comes after `after` of the logins that one database keeps, by the code points of their names. */
export interface IdentityPage {
  readonly authDatabase: string
  readonly after?: string
  readonly limit: number
}

/** The incarnations that are remembered of some logins, by their names. */
export type KnownLogins = (names: readonly string[]) => Promise<ReadonlyMap<string, string>>

/** Reading links of one target. A pool that lost its server is made anew by its owner. */
export interface ReadPool extends AsyncDisposable {
  use<T>(signal: AbortSignal, work: (client: AdminClient) => Promise<T>): Promise<T>
}

/** Where sessions wait between two attempts. Only the engine that left them there looks inside. */
export interface Spares {
  take(): Spare | undefined
  keep(spare: Spare): void
}

/** A session that carries no attempt's name, and on which nothing is left of one. */
export interface Spare {
  /** When it logged in, by `performance.now()`. */
  readonly since: number
  close(): Promise<void>
}

export interface PoolLimits {
  readonly max: number
  readonly idleMs: number
}

/** What is known before a plan. Each engine adds its own; only it reads them. */
export interface Facts {
  /** Is the subject there now, and which one is it. */
  readonly exists: boolean
  readonly incarnation?: string
  /** Has anything of this very operation been applied: its mark is on the subject or a part of it. */
  readonly applied: boolean
  /** The server's own clock, in epoch milliseconds; read for a drop. */
  readonly clock?: number
  /** Who has power over the whole server among those that the change is about, or would get it by the change; in words. */
  readonly power?: string
}

export interface Plan {
  readonly steps: readonly Step[]
  /** Why it can't be done; steps are then what would be done without the refusals. */
  readonly refusals: readonly Refusal[]
}

export interface Refusal {
  readonly code:
    | 'not_found'
    | 'forbidden'
    | 'exists'
    | 'in_use'
    | 'invalid'
    | 'unsupported'
    | 'missing_right'
    | 'read_only'
    | 'refused'
    | 'unavailable'
  readonly subject: 'user' | 'database' | 'grant' | 'role' | 'server'
  readonly message: string
  readonly counts?: Readonly<Record<string, number>>
}

/** Statements that run as one: all of them, or none. */
export interface Step {
  readonly database?: string
  readonly why: string
  readonly statements: readonly Statement[]
}

/** `secret` is what really runs where `shown` is masked. */
export interface Statement {
  readonly shown: string
  readonly secret?: Secret
}

export function showStep(step: Step): readonly StepShown[] {
  return step.statements.map(({ shown }) => ({ database: step.database, statement: shown, why: step.why }))
}

/** Where and how to log in as the managing login. */
export interface Target {
  readonly hosts: readonly HostPort[]
  readonly database: string
  readonly username: string
  readonly password?: Secret
  readonly authDatabase?: string
  readonly mechanism?: string
  readonly tls: Tls
  readonly connectTimeoutMs: number
  /** Every statement's deadline. */
  readonly statementTimeoutMs: number
  /**
   * Turns a host into addresses that may be connected to; throws `network_denied`. Drivers connect to its answers only, and ask anew for
   * every address that a server sends them to.
   */
  readonly resolve: (host: string, port: number) => Promise<readonly string[]>
}

/** `rolecall/<installation>/<operation>/<attempt>`: says which operation and attempt a session serves. Without an attempt: all of them. */
export interface SessionName {
  readonly installation: string
  readonly operation: string
  readonly attempt?: number
}

export function sessionText(name: SessionName): string {
  return ['rolecall', name.installation, name.operation, name.attempt ?? ''].join('/')
}

/** What an engine is, for people and for the services that must not compare its name. */
export interface EngineDescription {
  readonly name: EngineName
  readonly label: string
  readonly defaultPort: number
  readonly versions: string
  readonly variants: readonly string[]
  /** Servers its contract was run against, such as `PostgreSQL 16.4`. */
  readonly provedOn: readonly string[]
  readonly capabilities: Capabilities
}

export interface Capabilities {
  readonly users: boolean
  readonly databases: boolean
  readonly grants: boolean
  readonly lock: boolean
  /** A locked login may still prove who it is, and can do nothing: the engine itself locks nobody. */
  readonly lockLetsIn?: boolean
  /** Are a login's sessions seen, and ended. Else what they may do and have under way ends, and they stay connected. */
  readonly sessions: boolean
  readonly owners: boolean
  readonly engineRoles: boolean
  /** A login has roles and nothing else, people define some, and all can be replaced as a whole: it can be one of a whole project. */
  readonly projectUsers?: boolean
  readonly settings: readonly ('replication' | 'connectionLimit' | 'authPlugin')[]
  /** What the public APIs for hosted servers of this engine let be chosen for a login. */
  readonly userOptions: readonly UserOption[]
  /** Does a server say how strictly it reads SQL. */
  readonly sqlMode?: boolean
  /** Is a host, or an authentication database, part of a user's key. */
  readonly userHost: boolean
  readonly authDatabase: boolean
  /** Does the engine know when a password ends. */
  readonly passwordUntil: boolean
  readonly userNames: NameRule
  readonly databaseNames: NameRule
  /** May the connection's database or username be empty. */
  readonly emptyDatabase: boolean
  readonly emptyUsername: boolean
}

/** A right to stream that is the login's own; how it proves who it is; what it may do with topics, or with databases, as a set. */
export type UserOption = 'replicationAttribute' | 'authPlugin' | 'topicAccess' | 'databaseRoles'

/** What the engine itself accepts as a name. */
export interface NameRule {
  readonly maxLength: number
  readonly unit: 'bytes' | 'characters'
  /** Only characters of Unicode's basic plane: no emoji. */
  readonly basicPlane?: boolean
  /** Names nobody may make, as lower-case texts or prefixes that end in `*`. */
  readonly reserved: readonly string[]
}

/** What a client needs to log in as a user that was just made. */
export interface LoginShown {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly name: string
  /** Where it is kept, and proves who it is. */
  readonly authDatabase?: string
  readonly password: string
  readonly tls: Tls['mode']
}
