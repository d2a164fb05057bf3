import { type Static, Type } from 'typebox'
import type { EngineName } from '../../../domain/servers/instance.ts'
import type { ConnectionWish } from '../../../services/connections/connection-wish.ts'
import { Coordinates, InstanceFields, LinkFields, ModeField, toConnectionFields } from '../../connection-fields.ts'
import { DATASTORE_ENGINES } from '../datastores/datastores.ts'

const Closed = { additionalProperties: false } as const

const ConnectionFields = Type.Object(
  {
    name: Type.Optional(Type.String({ description: 'Of the connection; the name of the instance, if left out' })),
    engine: Type.Enum([...DATASTORE_ENGINES]),
    ...Coordinates,
    ...LinkFields,
    ...InstanceFields,
    mode: ModeField,
  },
  Closed,
)

/** How Rolecall reaches the server: what the published API has no words for. Closed: a typing error never passes silently. */
export const Registration = Type.Optional(
  Type.Object(
    { connection: ConnectionFields },
    { ...Closed, description: 'Brings a server under management in the same call' },
  ),
)

export function toConnectionWish(asked: Static<typeof ConnectionFields>, instanceName: string): ConnectionWish {
  const { name = instanceName, engine } = asked
  return {
    ...toConnectionFields(asked),
    name,
    engine: engine as EngineName,
    databaseType: engine.toUpperCase(),
  } as ConnectionWish
}
