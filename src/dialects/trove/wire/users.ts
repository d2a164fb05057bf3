import { type Static, Type } from 'typebox'
import { Secret } from '../../../domain/secret.ts'
import type { NewUserWish } from '../../../services/users/user-wishes.ts'
import type { Datastore } from '../datastores/datastores.ts'
import { badRequest, unprocessable } from '../refusals/refusal.ts'
import { ANY_HOST, type UserName, userKey } from '../users/user-segment.ts'
import { Links } from './common.ts'
import { GrantRef, toGrant } from './databases.ts'

const Name = Type.String({ minLength: 1, pattern: '[0-9A-Za-z]' })
const Password = Type.String({ minLength: 1, maxLength: 255, pattern: '[0-9A-Za-z]' })
const Host = Type.String({ minLength: 1, default: ANY_HOST })

const UserShownBody = Type.Object({
  name: Type.String(),
  host: Type.String(),
  databases: Type.Array(Type.Object({ name: Type.String() })),
})

export const UserList = Type.Object(
  { users: Type.Array(UserShownBody), links: Links, users_links: Links },
  { $id: 'Users' },
)
export const OneUser = Type.Object({ user: UserShownBody }, { $id: 'User' })

export const NewUserBody = Type.Object({
  name: Name,
  password: Password,
  host: Type.Optional(Host),
  databases: Type.Optional(Type.Array(GrantRef, { uniqueItems: true })),
  ssl: Type.Optional(Type.Enum(['none', 'required', 'x509'], { description: 'Not in the published API; only none' })),
  max_connections: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'Not in the published API; without it, no limit' }),
  ),
})

export const CreateUsers = Type.Object({ users: Type.Array(NewUserBody) })

export const ChangePasswords = Type.Object({
  users: Type.Array(Type.Object({ name: Name, password: Password, host: Type.Optional(Host) })),
})

export const ChangeUser = Type.Object({
  user: Type.Object({
    name: Type.Optional(Name),
    password: Type.Optional(Password),
    host: Type.Optional(Host),
  }),
})

type NewUserFields = Static<typeof NewUserBody>

export function nameIn({ name, host = ANY_HOST }: { readonly name: string; readonly host?: string }): UserName {
  return { name, host }
}

export function toNewUser(datastore: Datastore, fields: NewUserFields): NewUserWish {
  if (fields.ssl !== undefined && fields.ssl !== 'none')
    throw unprocessable(`Operation not supported for datastore ${datastore.word}.`)
  const { databases = [], password, max_connections: connectionLimit } = fields
  return {
    ...datastore.keyOf(nameIn(fields)),
    password: new Secret(password),
    grants: databases.map(one => toGrant(datastore, one)),
    engineRoles: [],
    settings: connectionLimit === undefined ? {} : { connectionLimit },
    ahead: !datastore.grantsNeedDatabases,
  }
}

/** What the datastore itself wants of names and passwords. */
export function checkUserFields(
  { rules }: Datastore,
  fields: { readonly name?: string; readonly host?: string; readonly password?: string },
): void {
  const { name, host, password } = fields
  const why =
    (name !== undefined && rules.user(name)) ||
    (host !== undefined && rules.host(host)) ||
    (password !== undefined && rules.password(password))
  if (why) throw badRequest(why)
}

export function checkDistinctUsers(users: readonly NewUserFields[]): void {
  if (new Set(users.map(user => userKey(nameIn(user)))).size === users.length) return
  throw badRequest(
    'Two or more users share the same name and host in the initial users list. Please correct the names or hosts or remove the duplicate entries.',
  )
}
