import { type Static, Type } from 'typebox'
import { ENGINES, type EngineName } from '../../../domain/servers/instance.ts'
import type { EngineDescription } from '../../../engines/engine.ts'
import type { ConnectionWish } from '../../../services/connections/connection-wish.ts'
import { Coordinates, InstanceFields, LinkFields, ModeField, toConnectionFields } from '../../connection-fields.ts'
import { CLUSTER_ENGINES, wordsOf } from '../engine-words.ts'

const Closed = { additionalProperties: false } as const

/** How Rolecall reaches the server: what the published API has no words for. Closed: a typing error never passes silently. */
export const Registration = Type.Optional(
  Type.Object(
    {
      name: Type.Optional(Type.String({ description: 'Of the connection; the name of the cluster, if left out' })),
      ...Coordinates,
      ...LinkFields,
      ...InstanceFields,
      mode: ModeField,
    },
    { ...Closed, description: 'Brings a server under management in the same call; scope `rolecall:register`' },
  ),
)

type Wanted = Static<typeof Registration>

/** Which engine is meant by this API's word for it; a variant has one of its own. */
export function engineNamed(
  word: string,
  describe: (engine: EngineName) => EngineDescription,
): { readonly engine: EngineName; readonly databaseType: string } | undefined {
  for (const engine of ENGINES.filter(name => CLUSTER_ENGINES.some(one => one === name))) {
    for (const variant of [undefined, ...describe(engine).variants]) {
      const server = { version: '', readOnly: false, seenAt: 0, variant }
      if (wordsOf({ engine, server }).engine === word)
        return { engine, databaseType: (variant ?? engine).toUpperCase() }
    }
  }
  return undefined
}

/** The slug is the region that was asked for, or clients would see another one. */
export function toWish(
  asked: NonNullable<Wanted>,
  cluster: { readonly name: string; readonly region?: string },
  type: { readonly engine: EngineName; readonly databaseType: string },
): ConnectionWish {
  const { name, slug } = asked
  return {
    ...toConnectionFields(asked),
    ...type,
    name: name ?? cluster.name,
    slug: slug ?? (cluster.region?.toLowerCase() || undefined),
  } as ConnectionWish
}
