import { type Static, Type } from 'typebox'
import { Fault } from '../../../../domain/fault.ts'
import type { Grant } from '../../../../domain/users/grant.ts'
import type { NewUser } from '../../../../domain/users/user.ts'
import type { Capabilities } from '../../../../engines/engine.ts'
import type { UserShown } from '../../../../services/users/user-view.ts'
import { isReserved } from '../../names.ts'

const Role = Type.Enum(['readOnly', 'readWrite', 'dbAdmin'])

export const DatabaseRoles = Type.Object({
  databases: Type.Optional(Type.Array(Type.String())),
  role: Type.Optional(Role),
})

export const DatabaseRolesShown = Type.Object({ databases: Type.Array(Type.String()), role: Role })

type RoleWord = Static<typeof Role>
type DatabaseRoles = Static<typeof DatabaseRoles>

/** In a list of databases it stands for all of them. */
const EVERYWHERE = 'admin'

const GRANTED: Partial<Record<RoleWord, Grant['role']>> = { readOnly: 'read', readWrite: 'readwrite' }
const ENGINE_WORD = { readOnly: 'read', readWrite: 'readWrite', dbAdmin: 'dbAdmin' } as const

/** All that a login is to be granted: what one role means on some databases. */
export type RolesWish = Pick<NewUser, 'grants' | 'engineRoles'>

/** Throws unless it says both, and of databases that somebody may have something on. */
export function checkDatabaseRoles({ databases, role }: DatabaseRoles, { databaseNames }: Capabilities): void {
  if (databases === undefined || role === undefined)
    throw new Fault('invalid', 'user', 'settings.mongo_user_settings needs databases and a role')
  const kept = databases.find(name => name !== EVERYWHERE && isReserved(name, databaseNames.reserved))
  if (kept !== undefined)
    throw new Fault(
      'invalid',
      'user',
      `settings.mongo_user_settings.databases: ${kept} is kept by the engine for itself`,
    )
}

export function toRoles({ databases = [], role = 'readOnly' }: DatabaseRoles): RolesWish {
  const everywhere = databases.includes(EVERYWHERE) ? [`${EVERYWHERE}.${ENGINE_WORD[role]}AnyDatabase`] : []
  const named = [...new Set(databases)].filter(name => name !== EVERYWHERE)
  const granted = GRANTED[role]
  if (granted) return { grants: named.map(database => ({ role: granted, database })), engineRoles: everywhere }
  return { grants: [], engineRoles: [...everywhere, ...named.map(name => `${name}.${ENGINE_WORD[role]}`)] }
}

export const READ_ONLY: RolesWish = toRoles({ databases: [EVERYWHERE], role: 'readOnly' })

/** What a login has, where one role on some databases says all of it. */
export function fromRoles({ grants, engineRoles }: UserShown['user']): Static<typeof DatabaseRolesShown> | undefined {
  const all = [...grants.map(fromGrant), ...engineRoles.map(fromEngineRole)]
  const [role] = all.map(one => one?.role)
  if (role === undefined || all.some(one => one?.role !== role)) return undefined
  return { databases: [...new Set(all.map(one => one!.database))].toSorted(), role }
}

interface RoleOn {
  readonly role: RoleWord
  readonly database: string
}

const WORDS = Object.keys(ENGINE_WORD) as readonly RoleWord[]

function fromGrant({ role, database }: Grant): RoleOn | undefined {
  const word = WORDS.find(one => GRANTED[one] === role)
  return word && database !== EVERYWHERE ? { role: word, database } : undefined
}

function fromEngineRole(text: string): RoleOn | undefined {
  const at = text.indexOf('.')
  const [database, name] = [text.slice(0, at), text.slice(at + 1)]
  const word = WORDS.find(one => `${ENGINE_WORD[one]}${database === EVERYWHERE ? 'AnyDatabase' : ''}` === name)
  return word && { role: word, database }
}
