import type { AccessListEntry } from '../../domain/callers/access-list-entry.ts'
import type { ApiKey, KeyProject } from '../../domain/callers/api-key.ts'
import type { Invitation } from '../../domain/callers/invitation.ts'
import type { Operator } from '../../domain/callers/operator.ts'
import type { Member, Project } from '../../domain/callers/project.ts'
import type { ServiceAccount, ServiceAccountSecret } from '../../domain/callers/service-account.ts'
import type { Team, TeamMember, TeamRole } from '../../domain/callers/team.ts'
import type { Token } from '../../domain/callers/token.ts'
import type { KeyPage, Page } from '../../domain/page.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Role } from '../../domain/users/role.ts'

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
