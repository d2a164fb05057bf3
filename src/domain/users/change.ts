import type { Secret } from '../secret.ts'
import type { NewDatabase } from '../servers/database.ts'
import type { OnOwned } from '../servers/policy.ts'
import type { EndWish } from './expiry.ts'
import type { Grant, GrantChange } from './grant.ts'
import type { RoleDefinition } from './role-definition.ts'
import { type NewUser, type UserKey, type UserSettings, userKeyText } from './user.ts'

/** One thing that an engine is asked to do to one subject. Passwords ride along as `Secret`s and are kept apart by the ledger. */
export type Change = Kind & Sparing

/** Whose caller is no admin: who has power over the whole server stays as it is, however late this is done, and nobody gets it. */
interface Sparing {
  readonly sparesServerAdmins?: true
}

type Kind =
  | {
      readonly kind: 'create-user'
      readonly user: NewUser
      readonly password: Secret
      /** PUBLIC's rights on the databases that are granted on are closed. */
      readonly closePublic?: boolean
      /** Databases that are granted on need not be there yet, on engines that keep grants by name. */
      readonly ahead?: boolean
      /** It may do everything on the server, and give it away: what every server calls root. */
      readonly everything?: boolean
      readonly end?: EndWish
      /** Operations that this one takes the place of: what one of them had made may be there, and goes first. */
      readonly over?: readonly string[]
      /** Incarnations of its own from before: one of them that is there becomes it, with these roles and this password. */
      readonly known?: readonly string[]
    }
  | {
      readonly kind: 'reset-user'
      readonly key: UserKey
      readonly password: Secret
      /** How the server is to check it from now on; left out, as before. */
      readonly authPlugin?: string
    }
  | ({ readonly kind: 'lock-user'; readonly key: UserKey } & Known)
  | ({ readonly kind: 'unlock-user'; readonly key: UserKey } & Known)
  | {
      readonly kind: 'set-user'
      readonly key: UserKey
      readonly settings: UserSettings
      readonly engineRoles?: readonly string[]
      /** All that it is granted from then on, on engines that can set that as a whole; left out, as before. */
      readonly grants?: readonly Grant[]
      /** Left out, as before. */
      readonly end?: EndWish
    }
  | {
      readonly kind: 'grant-user'
      readonly key: UserKey
      readonly grants: GrantChange
      readonly closePublic?: boolean
      readonly ahead?: boolean
    }
  | {
      readonly kind: 'rename-user'
      readonly key: UserKey
      readonly to: UserKey
      /** A new one, in the same change. */
      readonly password?: Secret
      /** Only one that this very operation has given its name. */
      readonly back?: true
    }
  /** All of its roles, grants among them, become these, and the password as well, where one is given: at one stroke. */
  | {
      readonly kind: 'replace-user'
      readonly key: UserKey
      /** Left out, as before. */
      readonly roles?: readonly string[]
      readonly password?: Secret
      /** Left out, as before. */
      readonly end?: EndWish
    }
  | { readonly kind: 'end-sessions'; readonly key: UserKey }
  | ({ readonly kind: 'drop-user'; readonly key: UserKey; readonly onOwned: OnOwned } & Known)
  | { readonly kind: 'create-database'; readonly database: NewDatabase }
  | { readonly kind: 'drop-database'; readonly name: string; readonly force: boolean }
  /** Takes back a create: drops what carries this operation's mark, and nothing else. */
  | {
      readonly kind: 'undo-create-user'
      readonly key: UserKey
      /** Those of others, which this one takes the place of. */
      readonly of?: readonly string[]
    }
  | { readonly kind: 'undo-create-database'; readonly name: string }
  | RoleKind

/** One role that people define on a server. `drop-role` takes it from everybody who has it. */
export type RoleChange = RoleKind & Sparing

type RoleKind =
  /** `over`: what it was to be before; one that is so may be ours, and becomes it. */
  | { readonly kind: 'create-role'; readonly role: RoleDefinition; readonly over?: readonly RoleDefinition[] }
  /** `orCreate`: where it is not there, it is made. */
  | { readonly kind: 'set-role'; readonly role: RoleDefinition; readonly orCreate?: boolean }
  | { readonly kind: 'drop-role'; readonly name: string }
  /** Drops it if it is what was to be made, now or before (`over`), and nothing else. */
  | { readonly kind: 'undo-create-role'; readonly role: RoleDefinition; readonly over?: readonly RoleDefinition[] }

/** Changes that every engine is asked for: the others belong to those whose logins have roles and nothing else. */
export type CommonChange = Exclude<Change, RoleChange | { readonly kind: 'replace-user' }>

export type ChangeKind = Change['kind']

/** A subject that is a login because we remember it as one, also where its server does not call it so any more. */
interface Known {
  readonly incarnation?: string
}

/** What a caller needs to ask for it. */
export function rightFor(kind: ChangeKind): 'create' | 'update' | 'delete' {
  if (kind === 'create-user' || kind === 'create-database' || kind === 'create-role') return 'create'
  return kind === 'drop-user' || kind === 'drop-database' || kind === 'drop-role' ? 'delete' : 'update'
}

/** What a change is about. One open operation per subject. */
export interface Subject {
  readonly kind: 'user' | 'database' | 'role' | 'connection'
  /** `userKeyText` of a user, the name of a database or role, the id of a connection. */
  readonly key: string
}

export function subjectOf(change: Change): Subject {
  if ('role' in change) return { kind: 'role', key: change.role.name }
  if (change.kind === 'drop-role') return { kind: 'role', key: change.name }
  if (change.kind === 'create-database') return { kind: 'database', key: change.database.name }
  if (change.kind === 'drop-database' || change.kind === 'undo-create-database') {
    return { kind: 'database', key: change.name }
  }
  return { kind: 'user', key: userKeyText(change.kind === 'create-user' ? change.user : change.key) }
}

const FORWARD: ReadonlySet<ChangeKind> = new Set([
  'lock-user',
  'end-sessions',
  'drop-user',
  'drop-database',
  'undo-create-user',
  'undo-create-database',
  'drop-role',
  'undo-create-role',
])

/** Changes that recovery always finishes, even if nothing of them has been applied yet: whoever asked wants it gone. */
export function goesForward(change: Change): boolean {
  return FORWARD.has(change.kind)
}

/** Changes of what is not there yet. */
export function isCreate(kind: ChangeKind): boolean {
  return kind.startsWith('create-')
}

/** The new password that a change sets, if it sets one. */
export function passwordOf(change: Change): Secret | undefined {
  return 'password' in change ? change.password : undefined
}

/** The new end that a change gives a login, if it gives or takes one. */
export function endOf(change: Change): EndWish | undefined {
  return 'end' in change ? change.end : undefined
}
