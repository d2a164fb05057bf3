import { type Static, Type } from 'typebox'
import { Secret } from '../../../domain/secret.ts'
import type {
  NewProjectUser,
  ProjectUser,
  ProjectUserChange,
  Scope,
} from '../../../services/project-users/project-user.ts'
import { refusal } from '../refusals/refusal.ts'
import { Id, Links, listOf, Timestamp, toTimestamp } from '../wire/common.ts'
import { endFrom } from '../wire/dates.ts'
import { fromRoles, type RoleShown } from './role-names.ts'

const closed = { additionalProperties: false }

const RoleBody = Type.Object(
  {
    databaseName: Type.String(),
    roleName: Type.String(),
    collectionName: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  },
  closed,
)
const ScopeBody = Type.Object({ name: Type.String(), type: Type.Enum(['CLUSTER', 'DATA_LAKE', 'STREAM']) }, closed)
const LabelBody = Type.Object(
  { key: Type.String({ minLength: 1, maxLength: 255 }), value: Type.String({ minLength: 1, maxLength: 255 }) },
  closed,
)

const fields = {
  databaseName: Type.Optional(Type.Enum(['admin', '$external'])),
  password: Type.Optional(Type.String({ description: 'At least 8 characters; never answered' })),
  roles: Type.Optional(Type.Array(RoleBody)),
  scopes: Type.Optional(Type.Array(ScopeBody)),
  labels: Type.Optional(Type.Array(LabelBody)),
  description: Type.Optional(Type.String({ maxLength: 100 })),
  deleteAfterDate: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  x509Type: Type.Optional(Type.Enum(['NONE', 'CUSTOMER', 'MANAGED'])),
  ldapAuthType: Type.Optional(Type.Enum(['NONE', 'USER', 'GROUP'])),
  awsIAMType: Type.Optional(Type.Enum(['NONE', 'USER', 'ROLE'])),
  oidcAuthType: Type.Optional(Type.Enum(['NONE', 'IDP_GROUP', 'USER'])),
}

const Username = Type.String({ minLength: 1, maxLength: 1024 })

export const NewDatabaseUser = Type.Object({ username: Username, ...fields }, closed)
export const DatabaseUserChange = Type.Object({ username: Type.Optional(Username), ...fields }, closed)

export type UserBody = Static<typeof DatabaseUserChange>

/** What clients send for fields that they mean nothing by. */
export const UNSAID = {
  null: ['roles', 'scopes', 'labels', 'description', 'password', 'links'],
  blank: ['databaseName', 'username', 'x509Type', 'ldapAuthType', 'awsIAMType', 'oidcAuthType'],
}

export const DatabaseUser = Type.Object(
  {
    databaseName: Type.String(),
    username: Type.String(),
    groupId: Id,
    roles: Type.Array(RoleBody),
    scopes: Type.Array(ScopeBody),
    labels: Type.Array(LabelBody),
    description: Type.Optional(Type.String()),
    deleteAfterDate: Type.Optional(Timestamp),
    x509Type: Type.String(),
    ldapAuthType: Type.String(),
    awsIAMType: Type.String(),
    oidcAuthType: Type.String(),
    links: Links,
  },
  { $id: 'DatabaseUser', description: 'A user of a project, who lives on its clusters' },
)

export const DatabaseUserList = listOf(DatabaseUser, 'DatabaseUserList')

/** "" is no collection. */
export function rolesIn(roles: NonNullable<UserBody['roles']>): readonly RoleShown[] {
  return roles.map(({ databaseName, roleName, collectionName }) => ({
    databaseName,
    roleName,
    ...(collectionName ? { collectionName } : {}),
  }))
}

export function toNewUser(
  { username, password, scopes = [], labels = [], description, deleteAfterDate }: Static<typeof NewDatabaseUser>,
  roles: readonly string[],
): NewProjectUser {
  return {
    key: { name: username, authDatabase: 'admin' },
    password: new Secret(password!),
    roles,
    scopes,
    labels,
    description,
    validUntil: typeof deleteAfterDate === 'string' ? endFrom(deleteAfterDate) : undefined,
  }
}

export function toChange(
  { password, scopes, labels, description, deleteAfterDate }: UserBody,
  roles: readonly string[] | undefined,
  before: ProjectUser,
): ProjectUserChange {
  return {
    password: password === undefined ? undefined : new Secret(password),
    roles,
    scopes,
    labels,
    description,
    validUntil: endIn(deleteAfterDate, before),
  }
}

function endIn(date: string | null | undefined, { validUntil }: ProjectUser): number | null | undefined {
  if (date === undefined) return undefined
  if (date === null) return null
  const end = endFrom(date)
  if (validUntil === undefined) throw refusal('PERMANENT_ENTITY_CANNOT_BE_MADE_TEMPORARY')
  return end
}

export function fromUser(
  { key, roles, scopes, labels, description, validUntil }: ProjectUser,
  groupId: string,
  custom: ReadonlySet<string>,
) {
  return {
    databaseName: key.authDatabase ?? 'admin',
    username: key.name,
    groupId,
    roles: fromRoles(roles, custom),
    scopes: scopes.map(fromScope),
    labels: labels.map(label => ({ key: label.key, value: label.value })),
    description,
    deleteAfterDate: validUntil === undefined ? undefined : toTimestamp(validUntil),
    x509Type: 'NONE',
    ldapAuthType: 'NONE',
    awsIAMType: 'NONE',
    oidcAuthType: 'NONE',
  }
}

function fromScope({ name, type }: Scope) {
  return { name, type }
}
