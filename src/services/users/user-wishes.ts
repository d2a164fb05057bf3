import type { Secret } from '../../domain/secret.ts'
import type { Grant } from '../../domain/users/grant.ts'
import type { NewUser, UserKey, UserSettings } from '../../domain/users/user.ts'
import type { EndAsked } from './ends.ts'
import type { UserShown } from './user-view.ts'

/** What may be said of a login beside the engine's own facts. */
export interface Notes {
  readonly labels?: Readonly<Record<string, string>>
  readonly description?: string
}

export interface NewUserWish extends NewUser, Notes {
  /** Chosen by the caller, and then never answered; left out, one is made and answered once. */
  readonly password?: Secret
  readonly asked?: Readonly<Record<string, unknown>>
  /** Databases that are granted on need not be there yet, on engines that keep grants by name. */
  readonly ahead?: boolean
  /** It may do everything on the server. */
  readonly everything?: boolean
  /** It gets what is asked for and nothing else: not what policy gives newcomers, either. */
  readonly exactly?: boolean
  /** Where users are a project's, it is one of them, at home on this server. */
  readonly ofProject?: boolean
  readonly end?: EndAsked
}

export interface UserWish extends Notes {
  readonly settings?: UserSettings
  readonly engineRoles?: readonly string[]
  /** All that it is to be granted; the databases need not be there yet. */
  readonly grants?: readonly Grant[]
  /** Where users are a project's, it is one of them from now on. */
  readonly ofProject?: boolean
  /** When it is to go; `null`: it may stay. */
  readonly end?: EndAsked | null
}

export interface Reset {
  readonly key: UserKey
  /** Chosen by the caller. */
  readonly password?: Secret
  /** Made for several logins at once; answered as if it had been made for each. */
  readonly made?: Secret
  /** What a dialect remembers of the request. */
  readonly asked?: Readonly<Record<string, unknown>>
  /** How the server is to check it from now on. */
  readonly authPlugin?: string
  /** Where users are a project's, it is one of them from now on. */
  readonly ofProject?: boolean
}

/** What a change answers: the login after it, and a password where one was made. */
export interface UserDone {
  readonly operationId?: string
  readonly shown?: UserShown
  readonly password?: Secret
}

export interface UserDropped {
  readonly operationId: string
}
