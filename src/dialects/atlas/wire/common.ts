import { type TSchema, Type } from 'typebox'
import { ref } from '../../request.ts'

export const Id = Type.String({ pattern: '^[0-9a-f]{24}$', description: '24 hex digits' })

export const Timestamp = Type.String({ format: 'date-time', description: 'UTC, whole seconds' })

export const Links = Type.Array(Type.Object({ href: Type.String(), rel: Type.String() }))

/** A list, as all but a few of them are. */
export function listOf<T extends TSchema>(item: T, $id: string) {
  return Type.Object(
    {
      links: Links,
      results: Type.Array('$id' in item ? ref(item) : item),
      totalCount: Type.Optional(Type.Integer({ minimum: 0 })),
    },
    { $id, description: 'A page' },
  )
}

export const GroupParams = Type.Object({ groupId: Type.String({ description: '24 hex digits' }) })

/** No body. */
export const Nothing = { type: 'null', description: 'Done' } as const

/** `{}`. */
export const Empty = Type.Object({}, { $id: 'Empty', description: 'Begun' })

export const ApiError = Type.Object(
  {
    error: Type.Integer({ description: 'The status' }),
    errorCode: Type.String(),
    detail: Type.String(),
    reason: Type.String(),
    parameters: Type.Optional(Type.Array(Type.Union([Type.String(), Type.Number()]))),
    badRequestDetail: Type.Optional(
      Type.Object({ fields: Type.Array(Type.Object({ field: Type.String(), description: Type.String() })) }),
    ),
  },
  { $id: 'ApiError' },
)

/** Whole seconds, as this API writes them. */
export function toTimestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}
