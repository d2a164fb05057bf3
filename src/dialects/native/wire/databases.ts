import { type Static, Type } from 'typebox'
import type { Database, EngineRole, NewDatabase } from '../../../domain/servers/database.ts'
import type { DatabaseDone } from '../../../services/instances/databases.ts'
import { Closed, checkAddressable } from './common.ts'

export const NewDatabaseBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 255 }),
    owner: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    encoding: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    collation: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  },
  Closed,
)

export const DropDatabaseQuery = Type.Object({
  dryRun: Type.Optional(Type.Boolean()),
  force: Type.Optional(
    Type.Boolean({ description: 'End the sessions that use it; needs the policy forceDropDatabase' }),
  ),
})

const databaseFields = {
  name: Type.String(),
  owner: Type.Optional(Type.String()),
  encoding: Type.Optional(Type.String()),
  collation: Type.Optional(Type.String()),
  sizeBytes: Type.Optional(Type.Integer()),
  flags: Type.Array(Type.String()),
}

export const DatabaseBody = Type.Object(databaseFields, { $id: 'Database' })
export const DatabaseChanged = Type.Object({ ...databaseFields, operation: Type.String() }, { $id: 'DatabaseChanged' })

export function toNewDatabase(body: Static<typeof NewDatabaseBody>): NewDatabase {
  checkAddressable(body.name)
  return body
}

export function fromDatabase({ name, owner, encoding, collation, sizeBytes, flags }: Database) {
  return { name, owner, encoding, collation, sizeBytes, flags }
}

export function fromDatabaseDone({ operationId, database }: DatabaseDone) {
  return { ...(database && fromDatabase(database)), operation: operationId }
}

export const EngineRoleBody = Type.Object(
  { name: Type.String(), kind: Type.Enum(['catalogue', 'engine']), allows: Type.String() },
  { $id: 'Role' },
)

export function fromRole({ name, kind, allows }: EngineRole) {
  return { name, kind, allows }
}
