import { type Static, Type } from 'typebox'
import { Secret } from '../../../domain/secret.ts'
import type { Connection } from '../../../domain/servers/connection.ts'
import type { ConnectionWish } from '../../../services/connections/connection-wish.ts'
import type { ConnectionSeen } from '../../../services/connections/connections.ts'
import { ref } from '../../request.ts'
import { authDatabaseOf, typeSent, typeShown } from '../database-types.ts'
import { type Coordinates, CoordinatesBody, Password, toCoordinates, together } from './coordinates.ts'
import { fromRolecall, RolecallBody, RolecallWish, toRolecallWish } from './rolecall.ts'

const Name = Type.Object({
  connectionName: Type.String({ description: 'Unique in the organisation; 1 to 255 characters once trimmed' }),
})

const ConnectionBase = together<Static<typeof Name> & Coordinates>('DatabaseConnectionBase', [
  Name,
  ref(CoordinatesBody),
])

const rolecall = { rolecall: Type.Optional(ref(RolecallWish)) }
const NewExtras = Type.Object({ password: Password, ...rolecall })
const UpdateExtras = Type.Object({ password: Type.Optional(Password), ...rolecall })

type NewInput = Static<typeof ConnectionBase> & Static<typeof NewExtras>
type UpdateInput = Static<typeof ConnectionBase> & Static<typeof UpdateExtras>

const NewConnection = together<NewInput>('DatabaseConnectionInput', [ref(ConnectionBase), NewExtras])
const ConnectionUpdate = together<UpdateInput>('DatabaseConnectionUpdate', [ref(ConnectionBase), UpdateExtras])

export const CreateBody = Type.Object({ databaseConnection: ref(NewConnection) })
export const UpdateBody = Type.Object({ databaseConnection: ref(ConnectionUpdate) })

const Link = Type.Optional(Type.String())
const Links = Type.Object({ self: Type.String(), test: Link, acl: Link, dataSources: Link })

const ConnectionResponse = together('DatabaseConnectionResponse', [
  Type.Object({ id: Type.String({ minLength: 5, maxLength: 10 }) }),
  ref(ConnectionBase),
  Type.Object({ links: Links, rolecall: Type.Optional(ref(RolecallBody)) }),
])

export const SingleConnection = Type.Object({ databaseConnection: ref(ConnectionResponse) })

export const Pagination = Type.Object(
  {
    links: Type.Object({
      self: Type.String(),
      next: Type.Optional(Type.String()),
      previous: Type.Optional(Type.String()),
    }),
    meta: Type.Object({
      start: Type.Number(),
      end: Type.Number(),
      total: Type.Number(),
      page: Type.Number(),
      totalPages: Type.Number(),
    }),
  },
  { $id: 'PaginationData' },
)

export const ConnectionList = together('DatabaseConnections', [
  Type.Object({ databaseConnections: Type.Array(ref(ConnectionResponse)) }),
  ref(Pagination),
])

export const connectionSchemas = [
  RolecallWish,
  RolecallBody,
  CoordinatesBody,
  ConnectionBase,
  NewConnection,
  ConnectionUpdate,
  ConnectionResponse,
  Pagination,
  ConnectionList,
]

export function toWish({ databaseConnection }: Static<typeof CreateBody>): ConnectionWish {
  const { connectionName: name, password } = databaseConnection
  return {
    name,
    ...toCoordinates(databaseConnection),
    ...toRolecallWish(databaseConnection.rolecall),
    password: new Secret(password),
  }
}

/** Secrets that are left out stay: the password, and the private key beside a certificate. */
export function toChange(
  { databaseConnection }: Static<typeof UpdateBody>,
  before: Connection,
  view: boolean,
): ConnectionWish {
  const { connectionName: name, password } = databaseConnection
  const databaseType = typeSent(databaseConnection.databaseType, before.databaseType, view)
  const wish = {
    ...toCoordinates({ ...databaseConnection, databaseType }),
    ...authDatabaseBefore(before),
    ...toRolecallWish(databaseConnection.rolecall),
  }
  return {
    name,
    ...wish,
    ...(wish.tls && { tls: keepingKey(wish.tls, before.tls) }),
    ...(password !== undefined && { password: new Secret(password) }),
  }
}

/** The one that was named stays; one that followed from the database follows it. */
function authDatabaseBefore({ databaseType, database, authDatabase }: Connection): Pick<Connection, 'authDatabase'> {
  const followed = authDatabaseOf(databaseType, database)
  return followed === undefined || authDatabase === followed ? {} : { authDatabase }
}

function keepingKey(tls: NonNullable<Connection['tls']>, before: Connection['tls']): Connection['tls'] {
  return tls.clientCertificate && !tls.clientKey ? { ...tls, clientKey: before?.clientKey } : tls
}

/** How a caller sees connections. */
export interface Sight {
  /** It asked for what the published API does not have. */
  readonly view: boolean
  readonly userId: string
}

export function fromConnection(
  { connection, access }: ConnectionSeen,
  sight: Sight,
  databaseType = shownType(connection, sight),
) {
  const { id, name, host, port, database, username } = connection
  const self = `/v1/data-connections/${id}`
  return {
    id,
    connectionName: name,
    databaseType,
    host,
    port,
    databaseName: database,
    username,
    links: sight.view ? { self, ...moreLinks(self, sight) } : { self },
    ...(sight.view && { rolecall: fromRolecall(connection, access) }),
  }
}

function moreLinks(self: string, { userId }: Sight) {
  return { test: `${self}/test`, acl: `${self}/acl{?subjectId}`, dataSources: `/v1/users/${userId}/data-sources` }
}

/** What was just sent is answered as it was sent, whoever asks. */
export function fromChanged(seen: ConnectionSeen, sight: Sight, sent: string) {
  return { databaseConnection: fromConnection(seen, sight, sent) }
}

function shownType({ databaseType }: Connection, { view }: Sight): string {
  return typeShown(databaseType, view) ?? databaseType
}
