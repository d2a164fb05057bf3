import { Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import { ROLES } from '../../../domain/users/role.ts'

/** Milliseconds as RFC 3339 UTC; nothing stays nothing. */
export function toTime(at: number): string
export function toTime(at: number | undefined): string | undefined
export function toTime(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString()
}

/** Clients take `.` and `..` out of a path before they send it, whatever the encoding: nobody could ever ask for such a thing again. */
export function checkAddressable(name: string): void {
  if (name !== '.' && name !== '..') return
  throw new Fault('invalid', 'request', 'A name can not be . or .., which no address can hold', {
    violations: [{ pointer: '/name', detail: 'must not be . or ..' }],
  })
}

export const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC, with milliseconds' })
export const RoleName = Type.Enum([...ROLES])
export const Closed = { additionalProperties: false } as const

export const ChangeQuery = Type.Object({
  dryRun: Type.Optional(Type.Boolean({ description: 'Answer with the statements that would run; nothing is written' })),
})

export const VerifiedChangeQuery = Type.Object({
  dryRun: Type.Optional(Type.Boolean({ description: 'Answer with the statements that would run; nothing is written' })),
  verify: Type.Optional(Type.Boolean({ description: 'Try the new login before the answer' })),
})

export const Plan = Type.Object(
  {
    plan: Type.Object({
      steps: Type.Array(
        Type.Object({
          instance: Type.String(),
          database: Type.Optional(Type.String()),
          statement: Type.String(),
          why: Type.String(),
        }),
      ),
      refusals: Type.Array(
        Type.Object({
          fault: Type.String(),
          detail: Type.String(),
          counts: Type.Optional(Type.Record(Type.String(), Type.Integer())),
        }),
      ),
    }),
  },
  { $id: 'Plan' },
)
