import { type Static, Type } from 'typebox'
import { Fault } from '../../../../domain/fault.ts'
import type { UserSettings } from '../../../../domain/users/user.ts'
import type { Capabilities, UserOption } from '../../../../engines/engine.ts'
import type { UserShown } from '../../../../services/users/user-view.ts'
import {
  checkDatabaseRoles,
  DatabaseRoles,
  DatabaseRolesShown,
  fromRoles,
  READ_ONLY,
  type RolesWish,
  toRoles,
} from './database-roles.ts'

export const MysqlSettings = Type.Object({ auth_plugin: Type.Enum(['mysql_native_password', 'caching_sha2_password']) })

const TopicAccess = Type.Object({
  id: Type.Optional(Type.String()),
  topic: Type.String(),
  permission: Type.String(),
})
const IndexAccess = Type.Object({
  index: Type.String(),
  permission: Type.Enum(['deny', 'admin', 'read', 'readwrite', 'write']),
})

export const SettingsBody = Type.Object({
  pg_allow_replication: Type.Optional(Type.Boolean()),
  acl: Type.Optional(Type.Array(TopicAccess)),
  opensearch_acl: Type.Optional(Type.Array(IndexAccess)),
  mongo_user_settings: Type.Optional(DatabaseRoles),
})

export const SettingsShown = Type.Object({
  pg_allow_replication: Type.Optional(Type.Boolean()),
  mongo_user_settings: Type.Optional(DatabaseRolesShown),
})

/** What this API lets a client say of a login beside its name. */
export interface Options {
  readonly mysql_settings?: Static<typeof MysqlSettings>
  readonly settings?: Static<typeof SettingsBody>
  readonly readonly?: boolean
}

/** Whose option a member is. No engine has what is nobody's. */
const OF_SETTINGS: Readonly<Record<keyof Static<typeof SettingsBody>, UserOption | undefined>> = {
  pg_allow_replication: 'replicationAttribute',
  acl: 'topicAccess',
  opensearch_acl: undefined,
  mongo_user_settings: 'databaseRoles',
}

/** Throws where something is said that is another engine's to say, or that can't be. */
export function checkOptions({ mysql_settings, settings = {}, readonly = false }: Options, able: Capabilities): void {
  const said: readonly (readonly [string, UserOption | undefined])[] = [
    ...(mysql_settings ? [['mysql_settings', 'authPlugin'] as const] : []),
    ...(readonly ? [['readonly', 'databaseRoles'] as const] : []),
    ...Object.entries(OF_SETTINGS).flatMap(([name, option]) =>
      name in settings ? [[`settings.${name}`, option] as const] : [],
    ),
  ]
  const foreign = said.filter(([, option]) => option === undefined || !able.userOptions.includes(option))
  const names = foreign.map(([name]) => name).join(', ')
  if (foreign.length > 0) throw new Fault('unsupported', 'user', `${names} can not be set on this cluster's engine`)
  const { mongo_user_settings: roles } = settings
  if (roles && readonly)
    throw new Fault('invalid', 'user', 'readonly is a role on all databases: settings.mongo_user_settings has another')
  if (roles) checkDatabaseRoles(roles, able)
}

/** A given `settings` that leaves replication out says that there is to be none. */
export function toSettings(options: Options, { userOptions }: Capabilities): UserSettings {
  const authPlugin = authPluginOf(options)
  if (authPlugin !== undefined) return { authPlugin }
  if (!options.settings || !userOptions.includes('replicationAttribute')) return {}
  return { replication: options.settings.pg_allow_replication ?? false }
}

/** All that it is to have on databases, where something is said of that. */
export function rolesWishOf({ settings, readonly = false }: Options): RolesWish | undefined {
  const roles = settings?.mongo_user_settings
  if (roles) return toRoles(roles)
  return readonly ? READ_ONLY : undefined
}

export const authPluginOf = ({ mysql_settings }: Options): string | undefined => mysql_settings?.auth_plugin

/** What this dialect has kept of a request: a plugin is told to whoever asked for it by name. */
export function rememberedOf(options: Options): Readonly<Record<string, unknown>> | undefined {
  const authPlugin = authPluginOf(options)
  return authPlugin === undefined ? undefined : { digitalocean: { authPlugin } }
}

/** The one plugin that is told always; one that is merely the server's default would be a change to clients, which they make by a reset. */
const TOLD = 'caching_sha2_password'

export function fromAuthPlugin({ user, record }: UserShown, { userOptions }: Capabilities) {
  const { authPlugin } = user.settings
  if (authPlugin === undefined || !userOptions.includes('authPlugin')) return undefined
  const asked = (record?.asked.digitalocean as { readonly authPlugin?: string } | undefined)?.authPlugin
  return authPlugin === TOLD || authPlugin === asked ? { auth_plugin: authPlugin } : undefined
}

/** When `settings` is told: always; as an answer to a request that had some; if it says what is not so anyway; or never. */
export type Telling = 'always' | 'asked' | 'unusual' | 'never'

export function fromSettings(user: UserShown['user'], { userOptions }: Capabilities, telling: Telling) {
  if (telling === 'never') return undefined
  if (userOptions.includes('databaseRoles')) return databaseRolesIn(user, telling)
  if (!userOptions.includes('replicationAttribute')) return undefined
  const { settings } = user
  const replication = settings.replication ?? false
  return telling === 'unusual' && !replication ? undefined : { pg_allow_replication: replication }
}

function databaseRolesIn(user: UserShown['user'], telling: Telling) {
  const roles = fromRoles(user)
  if (roles) return { mongo_user_settings: roles }
  return telling === 'always' ? {} : undefined
}
