import { type Static, Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import type { UserSettings } from '../../../domain/user.ts'
import type { Capabilities, UserOption } from '../../../engines/engine.ts'
import type { UserShown } from '../../../services/users/user-view.ts'

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
const DatabaseRoles = Type.Object({
  databases: Type.Optional(Type.Array(Type.String())),
  role: Type.Optional(Type.Enum(['readOnly', 'readWrite', 'dbAdmin'])),
})

export const SettingsBody = Type.Object({
  pg_allow_replication: Type.Optional(Type.Boolean()),
  acl: Type.Optional(Type.Array(TopicAccess)),
  opensearch_acl: Type.Optional(Type.Array(IndexAccess)),
  mongo_user_settings: Type.Optional(DatabaseRoles),
})

export const SettingsShown = Type.Object({ pg_allow_replication: Type.Optional(Type.Boolean()) })

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

/** Throws where something is said that is another engine's to say. */
export function checkOptions({ mysql_settings, settings = {}, readonly = false }: Options, able: Capabilities): void {
  const said: readonly (readonly [string, UserOption | undefined])[] = [
    ...(mysql_settings ? [['mysql_settings', 'authPlugin'] as const] : []),
    ...(readonly ? [['readonly', 'databaseRoles'] as const] : []),
    ...Object.entries(OF_SETTINGS).flatMap(([name, option]) =>
      name in settings ? [[`settings.${name}`, option] as const] : [],
    ),
  ]
  const foreign = said.filter(([, option]) => option === undefined || !able.userOptions.includes(option))
  if (foreign.length === 0) return
  const names = foreign.map(([name]) => name).join(', ')
  throw new Fault('unsupported', 'user', `${names} can not be set on this cluster's engine`)
}

/** A given `settings` that leaves replication out says that there is to be none. */
export function toSettings(options: Options, { userOptions }: Capabilities): UserSettings {
  const authPlugin = authPluginOf(options)
  if (authPlugin !== undefined) return { authPlugin }
  if (!options.settings || !userOptions.includes('replicationAttribute')) return {}
  return { replication: options.settings.pg_allow_replication ?? false }
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

/** When `settings` is told: always; as an answer to a request that had some; or if it says what is not so anyway. */
export type Telling = 'always' | 'asked' | 'unusual'

export function fromSettings({ settings }: UserShown['user'], { userOptions }: Capabilities, telling: Telling) {
  if (!userOptions.includes('replicationAttribute')) return undefined
  const replication = settings.replication ?? false
  return telling === 'unusual' && !replication ? undefined : { pg_allow_replication: replication }
}
