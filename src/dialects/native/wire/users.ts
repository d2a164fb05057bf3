import { type Static, Type } from 'typebox'
import { Secret } from '../../../domain/secret.ts'
import { ENGINES } from '../../../domain/servers/instance.ts'
import { CATALOGUE_ROLES, type Grant, type GrantShown } from '../../../domain/users/grant.ts'
import type { Session, UserKey } from '../../../domain/users/user.ts'
import type { UserShown } from '../../../services/users/user-view.ts'
import type { NewUserWish, UserDone, UserWish } from '../../../services/users/user-wishes.ts'
import type { GrantsShown } from '../../../services/users/users.ts'
import { Closed, checkAddressable, Time, toTime } from './common.ts'
import { ExpiryBody, endFields, endPatchFields, fromExpiry, toEnd } from './ends.ts'

const GrantBody = Type.Object(
  { role: Type.Enum([...CATALOGUE_ROLES]), database: Type.String({ minLength: 1, maxLength: 255 }) },
  Closed,
)

const Settings = Type.Object(
  {
    replication: Type.Optional(Type.Boolean()),
    connectionLimit: Type.Optional(Type.Integer({ minimum: -1, maximum: 2_147_483_647, description: '-1: no limit' })),
    authPlugin: Type.Optional(
      Type.String({ maxLength: 64, description: 'MySQL family: how the server checks its password' }),
    ),
  },
  Closed,
)

const notes = {
  labels: Type.Optional(
    Type.Record(Type.String({ pattern: '^.{1,255}$' }), Type.String({ maxLength: 255 }), { maxProperties: 64 }),
  ),
  description: Type.Optional(Type.String({ maxLength: 1000 })),
}

const EngineRoles = Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { maxItems: 256, uniqueItems: true })

export const NewUserBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255 }),
    host: Type.Optional(Type.String({ maxLength: 255 })),
    authDatabase: Type.Optional(Type.String({ maxLength: 255 })),
    password: Type.Optional(
      Type.String({ description: 'Chosen by you, and then never answered; left out, one is made and answered once' }),
    ),
    grants: Type.Optional(Type.Array(GrantBody, { maxItems: 256 })),
    engineRoles: Type.Optional(EngineRoles),
    settings: Type.Optional(Settings),
    ...notes,
    ...endFields,
  },
  Closed,
)

export const UserPatch = Type.Object(
  { settings: Type.Optional(Settings), engineRoles: Type.Optional(EngineRoles), ...notes, ...endPatchFields },
  Closed,
)
export const ResetBody = Type.Object(
  {
    password: Type.Optional(Type.String()),
    authPlugin: Type.Optional(Type.String({ maxLength: 64 })),
    retireAfterSeconds: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  Closed,
)
export const GrantPatch = Type.Object(
  {
    add: Type.Optional(Type.Array(GrantBody, { maxItems: 256 })),
    remove: Type.Optional(Type.Array(GrantBody, { maxItems: 256 })),
  },
  Closed,
)

export const DropQuery = Type.Object({
  dryRun: Type.Optional(Type.Boolean()),
  onOwned: Type.Optional(
    Type.String({ pattern: '^(refuse|drop|reassign:.+)$', description: 'What to do with objects that the user owns' }),
  ),
  host: Type.Optional(Type.String()),
  authDatabase: Type.Optional(Type.String()),
})

const GrantShownBody = Type.Object({
  role: Type.String(),
  database: Type.String(),
  by: Type.Enum(['catalogue', 'direct', 'ownership']),
  missing: Type.Optional(
    Type.Array(Type.String(), { description: 'Owners whose present tables it does not (all) reach' }),
  ),
  notCovered: Type.Optional(Type.Array(Type.String(), { description: 'Owners whose future tables it does not reach' })),
  sleeping: Type.Optional(Type.Array(Type.String())),
})

const userFields = {
  name: Type.String(),
  host: Type.Optional(Type.String()),
  authDatabase: Type.Optional(Type.String()),
  instance: Type.String(),
  engine: Type.Enum([...ENGINES]),
  grants: Type.Array(GrantShownBody),
  engineRoles: Type.Array(Type.String()),
  settings: Settings,
  state: Type.Enum(['active', 'locked', 'expired'], {
    description: '`expired`: its time is over; it is locked, and goes as soon as it can be dropped',
  }),
  validUntil: Type.Optional(Time),
  expiry: Type.Optional(ExpiryBody),
  passwordUntil: Type.Optional(Time),
  labels: Type.Record(Type.String(), Type.String()),
  description: Type.Optional(Type.String()),
  flags: Type.Array(Type.String()),
  madeBy: Type.Union([
    Type.Literal('outside'),
    Type.Object({ operation: Type.String(), operator: Type.String(), at: Time }),
  ]),
  passwordChangedAt: Type.Optional(Time),
}

export const UserBody = Type.Object(userFields, { $id: 'User' })

/** What a change of a user answers. */
export const UserChanged = Type.Object(
  {
    ...userFields,
    operation: Type.Optional(Type.String()),
    password: Type.Optional(Type.String({ description: 'Made by Rolecall; shown here and never again' })),
    connectionStrings: Type.Optional(Type.Record(Type.String(), Type.String())),
    verified: Type.Optional(Type.Object({ at: Time, servers: Type.Array(Type.String()) })),
  },
  { $id: 'UserChanged' },
)

export const GrantsBody = Type.Object(
  {
    items: Type.Array(GrantShownBody),
    unreadable: Type.Array(Type.String({ description: 'Databases that could not be asked' })),
  },
  { $id: 'Grants' },
)

export const SessionBody = Type.Object(
  {
    id: Type.String(),
    database: Type.Optional(Type.String()),
    address: Type.Optional(Type.String()),
    application: Type.Optional(Type.String()),
    state: Type.Optional(Type.String()),
    since: Type.Optional(Time),
  },
  { $id: 'Session' },
)

export function toNewUser(body: Static<typeof NewUserBody>): NewUserWish {
  const { name, host, authDatabase, password, grants = [], engineRoles = [], settings = {}, labels, description } = body
  checkAddressable(name)
  const end = toEnd(body)
  return {
    name,
    host,
    authDatabase,
    grants: grants as Grant[],
    engineRoles,
    settings,
    labels,
    description,
    end: end ?? undefined,
    password: password === undefined ? undefined : new Secret(password),
  }
}

export function toUserWish(body: Static<typeof UserPatch>): UserWish {
  const { settings, engineRoles, labels, description } = body
  return { settings, engineRoles, labels, description, end: toEnd(body) }
}

export function toGrantChange({ add = [], remove = [] }: Static<typeof GrantPatch>) {
  return { add: add as Grant[], remove: remove as Grant[] }
}

export function toUserKey(name: string, query: unknown): UserKey {
  const { host, authDatabase } = (query ?? {}) as { host?: string; authDatabase?: string }
  return { name, host, authDatabase }
}

export function fromUser({ instance, user, record, expiry }: UserShown, primary?: string) {
  const { name, host, authDatabase, grants, engineRoles, settings, locked, passwordUntil, flags } = user
  return {
    name,
    host,
    authDatabase,
    instance: instance.id,
    engine: instance.engine,
    grants: grants.map(fromGrant),
    engineRoles,
    settings,
    state: locked ? (expiry?.lockedAt === undefined ? 'locked' : 'expired') : 'active',
    validUntil: toTime(record?.validUntil),
    expiry: expiry && fromExpiry(expiry),
    passwordUntil: toTime(passwordUntil),
    labels: record?.labels ?? {},
    description: record?.description,
    flags: name === primary ? [...flags, 'primary'] : flags,
    madeBy: record?.madeBy
      ? { operation: record.madeBy.operationId, operator: record.madeBy.username, at: toTime(record.madeBy.at) }
      : 'outside',
    passwordChangedAt: toTime(record?.passwordChangedAt),
  }
}

function fromGrant({ role, database, by, missing, notCovered, sleeping }: GrantShown) {
  return { role, database, by, missing, notCovered, sleeping }
}

export interface Verified {
  readonly at: number
  readonly servers: readonly string[]
}

/** The reply that hands a new password over. */
export function fromUserDone(
  { operationId, shown, password }: UserDone,
  strings?: Readonly<Record<string, string>>,
  verified?: Verified,
) {
  return {
    ...(shown && fromUser(shown)),
    operation: operationId,
    password: password?.reveal(),
    connectionStrings: strings,
    verified: verified && { at: toTime(verified.at), servers: verified.servers },
  }
}

export function fromGrants({ grants, unreadable }: GrantsShown) {
  return { items: grants.map(fromGrant), unreadable }
}

export function fromSession({ id, database, address, application, state, since }: Session) {
  return { id, database, address, application, state, since: toTime(since) }
}
