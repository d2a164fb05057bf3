import { refusal } from '../refusals/refusal.ts'

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/i

/** ISO 8601, in UTC where it names no zone; in epoch milliseconds. Throws `INVALID_DATE_FORMAT`. */
function momentFrom(text: string): number {
  const [, date, minutes = '00:00', seconds = '00', fraction = '0', zone = 'Z'] = ISO.exec(text) ?? []
  const whole = `${date}T${minutes}:${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}`
  const moment = Date.parse(`${whole}${zone.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2').toUpperCase()}`)
  // JavaScript takes the 31st of June for the 1st of July.
  const isReal = date !== undefined && !Number.isNaN(moment) && new Date(`${whole}Z`).toISOString().startsWith(date)
  if (!isReal) throw refusal('INVALID_DATE_FORMAT', text)
  return moment
}

const WEEK_DAYS = 7
const DAY_MS = 86_400_000
/** Clients' clocks may be ahead. */
const SKEW_MS = 60_000

/** An end that lies ahead, and no more than a week. */
export function endFrom(text: string, now = Date.now()): number {
  const end = momentFrom(text)
  if (end <= now) throw refusal('EXPIRATION_DATE_IN_PAST')
  if (end > now + WEEK_DAYS * DAY_MS + SKEW_MS) throw refusal('EXPIRATION_DATE_EXCEEDS_MAX', WEEK_DAYS)
  return end
}
