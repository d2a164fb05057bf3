import { type Static, type TSchema, Type } from 'typebox'
import type { Violation } from '../../../domain/fault.ts'
import { Secret } from '../../../domain/secret.ts'
import type { TypedConnection } from '../../../services/connections/connection-tests.ts'
import { ref } from '../../request.ts'
import { authDatabaseOf, DATABASE_TYPES, rulesOf } from '../database-types.ts'
import { RolecallWish, toRolecallWish } from './rolecall.ts'

const DatabaseType = Type.Unsafe<string>({
  type: 'string',
  enum: DATABASE_TYPES,
  description: 'The SQL flavour, or another kind of database; case-sensitive',
})

/** Where a database is. */
export const CoordinatesBody = Type.Object(
  {
    databaseType: DatabaseType,
    host: Type.String({ description: 'DNS name, IPv4 or IPv6 address' }),
    port: Type.Integer({ minimum: 1, maximum: 65_535 }),
    databaseName: Type.String({ description: 'Database; on Oracle the service name' }),
    username: Type.String({ description: 'The login that connects' }),
  },
  { $id: 'DatabaseConnectionCoordsBase' },
)

export const Password = Type.String({ format: 'password', description: 'Kept sealed; never in an answer' })

const TestExtras = Type.Object({ password: Password, rolecall: Type.Optional(ref(RolecallWish)) })

/** Coordinates as typed in: no envelope, no name. */
export const TestInput = together<Coordinates & Static<typeof TestExtras>>('DatabaseConnectionTest', [
  ref(CoordinatesBody),
  TestExtras,
])

export type Coordinates = Static<typeof CoordinatesBody>

/** One schema that is all of the parts; its fields come in their order. */
export function together<T>(name: string, parts: readonly TSchema[]) {
  return Type.Unsafe<T>({ $id: name, allOf: parts })
}

export function toCoordinates({ databaseType, host, port, databaseName, username }: Coordinates) {
  const authDatabase = authDatabaseOf(databaseType, databaseName)
  const { engine } = rulesOf(databaseType)
  return { engine, databaseType, host, port, database: databaseName, username, ...(authDatabase && { authDatabase }) }
}

/** Stricter than the engines themselves: the published API has no meaning for an empty name. */
export function emptyIn({ databaseType, databaseName, username }: Coordinates): readonly Violation[] {
  if (rulesOf(databaseType).mayBeEmpty) return []
  const fields = { '/database': databaseName, '/username': username }
  return Object.entries(fields).flatMap(([pointer, text]) =>
    text === '' ? [{ pointer, detail: 'must not be empty' }] : [],
  )
}

export function toTyped(body: Static<typeof TestInput>): TypedConnection {
  const wish = toCoordinates(body)
  const { hosts = [], options = {}, tls, authDatabase = wish.authDatabase, mechanism } = toRolecallWish(body.rolecall)
  const how = { hosts, options, tls, authDatabase, mechanism }
  return { ...wish, ...how, password: new Secret(body.password) }
}
