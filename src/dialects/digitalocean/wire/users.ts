import { Type } from 'typebox'
import type { Secret } from '../../../domain/secret.ts'
import type { Capabilities } from '../../../engines/engine.ts'
import type { UserShown } from '../../../services/users/user-view.ts'
import { ref } from '../../request.ts'
import { Meta } from './common.ts'
import { fromSettings, MysqlSettings, type Options, SettingsBody, SettingsShown, type Telling } from './user-options.ts'

const UserBody = Type.Object(
  {
    name: Type.String(),
    role: Type.Enum(['primary', 'normal']),
    password: Type.Optional(Type.String()),
    settings: Type.Optional(SettingsShown),
    rolecall: Type.Object({ managed: Type.Boolean({ description: 'Made by this Rolecall' }) }),
  },
  { $id: 'User' },
)

export const userSchemas = [UserBody]
export const SingleUser = Type.Object({ user: ref(UserBody) })
export const UserList = Type.Object({ users: Type.Array(ref(UserBody)), meta: Meta })

export const NewUserBody = Type.Object({
  name: Type.String(),
  mysql_settings: Type.Optional(MysqlSettings),
  settings: Type.Optional(SettingsBody),
  readonly: Type.Optional(Type.Boolean({ description: 'MongoDB only' })),
})
export const UserPatch = Type.Object({ settings: Type.Optional(SettingsBody) })
export const ResetBody = Type.Object({ mysql_settings: Type.Optional(MysqlSettings) })

/** How an answer shows users. */
export interface UserSight {
  readonly able: Capabilities
  /** The login that manages the cluster. */
  readonly primary: string | undefined
  readonly telling?: Telling
}

export function fromUser({ user, record }: UserShown, sight: UserSight, password?: Secret) {
  return {
    name: user.name,
    role: user.name === sight.primary ? 'primary' : 'normal',
    password: password?.reveal(),
    settings: fromSettings(user, sight.able, sight.telling ?? 'unusual'),
    rolecall: { managed: record?.madeBy !== undefined },
  }
}

/** Clients keep what an add answers: settings that nobody asked for would be a change to them. */
export function tellingOfNew({ settings }: Options): Telling {
  return settings && Object.keys(settings).length > 0 ? 'asked' : 'unusual'
}
