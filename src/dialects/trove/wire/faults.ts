import { Type } from 'typebox'

const One = Type.Object({
  code: Type.Integer(),
  message: Type.String(),
  details: Type.Optional(Type.String()),
  retryAfter: Type.Optional(Type.String()),
})

/** One key, which is the fault's name. */
export const FaultBody = Type.Record(Type.String({ pattern: '^[a-zA-Z]+$' }), One, {
  $id: 'Fault',
  minProperties: 1,
  maxProperties: 1,
})

/** The identity endpoints have a form of their own. */
export const IdentityFault = Type.Object(
  { error: Type.Object({ code: Type.Integer(), title: Type.String(), message: Type.String() }) },
  { $id: 'IdentityFault' },
)
