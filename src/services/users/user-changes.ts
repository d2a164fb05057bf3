import type { Secret } from '../../domain/secret.ts'
import type { OnOwned } from '../../domain/servers/policy.ts'
import type { GrantChange } from '../../domain/users/grant.ts'
import type { UserKey } from '../../domain/users/user.ts'
import type { Asked, Prepared } from '../operations/prepared.ts'
import type { NewUserWish, Reset, UserDone, UserDropped, UserWish } from './user-wishes.ts'

/** Changes of logins. Each is checked when asked for, and made when run. */
export interface UserChanges {
  create(asked: Asked, instanceId: string, wish: NewUserWish): Promise<Prepared<UserDone>>
  /** As one operation: all of them are made, or none. */
  createMany(asked: Asked, instanceId: string, wishes: readonly NewUserWish[]): Promise<Prepared<readonly UserDone[]>>
  reset(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    password?: Secret,
    authPlugin?: string,
  ): Promise<Prepared<UserDone>>
  /** As one operation; nothing is changed unless every login is there. */
  resetMany(asked: Asked, instanceId: string, resets: readonly Reset[]): Promise<Prepared<readonly UserDone[]>>
  /** Keeps what it may do; a password given with it counts from then on. */
  rename(asked: Asked, instanceId: string, key: UserKey, to: UserKey, password?: Secret): Promise<Prepared<UserDone>>
  lock(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>>
  unlock(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>>
  change(asked: Asked, instanceId: string, key: UserKey, wish: UserWish): Promise<Prepared<UserDone>>
  grant(
    asked: Asked,
    instanceId: string,
    key: UserKey,
    grants: GrantChange,
    ahead?: boolean,
  ): Promise<Prepared<UserDone>>
  endSessions(asked: Asked, instanceId: string, key: UserKey): Promise<Prepared<UserDone>>
  drop(asked: Asked, instanceId: string, key: UserKey, onOwned?: OnOwned): Promise<Prepared<UserDropped>>
  /** As one operation; nothing is dropped unless every login is there. */
  dropMany(asked: Asked, instanceId: string, keys: readonly UserKey[]): Promise<Prepared<UserDropped>>
}
