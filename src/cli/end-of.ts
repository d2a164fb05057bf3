import { Problem } from './exit-codes.ts'

const UNIT_MS = { W: 604_800_000, D: 86_400_000, H: 3_600_000, M: 60_000 } as const

/** When something ends: a time, or a while from now (`P30D`, `P2W`, `PT12H`, `PT90M`). */
export function endOf(text: string, now: number): number {
  const [, days, dayUnit, hours, hourUnit] = /^P(?:(\d+)([WD])|T(\d+)([HM]))$/.exec(text) ?? []
  const unit = (dayUnit ?? hourUnit) as keyof typeof UNIT_MS | undefined
  if (unit) return now + Number(days ?? hours) * UNIT_MS[unit]
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(time)) return time
  throw new Problem('usage', `${text} is not an end.`, 'Write a time (2027-01-31T00:00:00Z) or how long (P30D, PT12H).')
}
