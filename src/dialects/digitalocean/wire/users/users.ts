import { Type } from 'typebox'
import type { Secret } from '../../../../domain/secret.ts'
import type { Capabilities } from '../../../../engines/engine.ts'
import type { UserShown } from '../../../../services/users/user-view.ts'
import { ref } from '../../../request.ts'
import { Meta } from '../common.ts'
import {
  fromAuthPlugin,
  fromSettings,
  MysqlSettings,
  type Options,
  SettingsBody,
  SettingsShown,
  type Telling,
} from './options.ts'

const UserBody = Type.Object(
  {
    name: Type.String(),
    role: Type.Enum(['primary', 'normal']),
    password: Type.Optional(Type.String()),
    mysql_settings: Type.Optional(Type.Object({ auth_plugin: Type.String() })),
    settings: Type.Optional(SettingsShown),
    rolecall: Type.Object({
      managed: Type.Boolean({ description: 'Made by this Rolecall' }),
      hosts: Type.Optional(Type.Array(Type.String(), { description: 'Where it may come from; MySQL only' })),
      auth_databases: Type.Optional(Type.Array(Type.String(), { description: 'Where it is kept; MongoDB only' })),
    }),
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

/** A user is all accounts of its name. */
export function fromUser(
  accounts: readonly UserShown[],
  { able, primary, telling = 'unusual' }: UserSight,
  password?: Secret,
) {
  const [account] = accounts
  const { user, record } = account!
  return {
    name: user.name,
    role: user.name === primary ? 'primary' : 'normal',
    password: password?.reveal(),
    mysql_settings: fromAuthPlugin(account!, able),
    settings: fromSettings(user, able, telling),
    rolecall: {
      managed: record?.madeBy !== undefined,
      hosts: able.userHost ? accounts.map(one => one.user.host) : undefined,
      auth_databases: able.authDatabase ? accounts.map(one => one.user.authDatabase) : undefined,
    },
  }
}

/** The primary user first, the others in the order in which they came; accounts of one name are one user. */
export function usersIn(
  accounts: readonly UserShown[],
  primary: string | undefined,
): readonly (readonly UserShown[])[] {
  const byName = [...Map.groupBy(accounts, ({ user }) => user.name).values()]
  return byName.toSorted((one, other) => rank(one, primary) - rank(other, primary))
}

const rank = ([one]: readonly UserShown[], primary: string | undefined) => (one!.user.name === primary ? 0 : 1)

/** Clients keep what an add answers: settings that nobody asked for would be a change to them. */
export function tellingOfNew({ settings }: Options): Telling {
  return settings && Object.keys(settings).length > 0 ? 'asked' : 'never'
}
