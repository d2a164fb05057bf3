import { Type } from 'typebox'

export const Id = Type.String({ pattern: '^[0-9a-f]{24}$', description: '24 hex digits' })

export const Timestamp = Type.String({ format: 'date-time', description: 'UTC, whole seconds' })

export const Links = Type.Array(Type.Object({ href: Type.String(), rel: Type.String() }))

/** Whole seconds, as this API writes them. */
export function toTimestamp(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}
