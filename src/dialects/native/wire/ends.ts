import { type Static, Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import { durationMs, type Expiry } from '../../../domain/users/expiry.ts'
import type { EndAsked } from '../../../services/users/ends.ts'
import { FAULTS } from '../../faults.ts'
import { Time, toTime } from './common.ts'

const ValidUntil = Type.String({
  format: 'date-time',
  description: 'Then it is locked, its sessions are ended, and it is dropped',
})
const ValidFor = Type.String({ maxLength: 64, description: 'The same, counted from now: `P30D`, `P2W`, `PT12H`' })

export const endFields = { validUntil: Type.Optional(ValidUntil), validFor: Type.Optional(ValidFor) }

/** `null` takes the end away. */
export const endPatchFields = {
  validUntil: Type.Optional(Type.Union([ValidUntil, Type.Null()])),
  validFor: Type.Optional(ValidFor),
}

export const ExpiryBody = Type.Object({
  tries: Type.Integer(),
  nextTryAt: Time,
  lockedAt: Type.Optional(Time),
  lastFault: Type.Optional(Type.Object({ fault: Type.String(), detail: Type.String(), at: Time })),
})

interface EndBody {
  readonly validUntil?: string | null
  readonly validFor?: string
}

/** Undefined: nothing is said of it. */
export function toEnd({ validUntil, validFor }: EndBody): EndAsked | null | undefined {
  if (validUntil !== undefined && validFor !== undefined) throw wrong('/validFor', 'can not stand beside validUntil')
  if (validUntil === null) return null
  if (validUntil !== undefined) return { until: Date.parse(validUntil) }
  if (validFor === undefined) return undefined
  const afterMs = durationMs(validFor)
  if (afterMs) return { afterMs }
  throw wrong('/validFor', 'must be a duration of weeks, days, hours, minutes or seconds, such as P30D or PT12H')
}

function wrong(pointer: string, detail: string): Fault {
  return new Fault('invalid', 'user', 'That end is not acceptable', { violations: [{ pointer, detail }] })
}

/** Of a login whose time has come: how it goes on. Before, there is nothing to tell. */
export function fromExpiry({ tries, tryAt, lockedAt, fault }: Expiry): Static<typeof ExpiryBody> | undefined {
  if (tries === 0 && lockedAt === undefined) return undefined
  const lastFault = fault && { fault: FAULTS[fault.code].native[1], detail: fault.message, at: toTime(fault.at) }
  return { tries, nextTryAt: toTime(tryAt), lockedAt: toTime(lockedAt), lastFault }
}
