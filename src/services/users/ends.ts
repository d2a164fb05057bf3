import { Fault } from '../../domain/fault.ts'
import type { PolicyInForce } from '../../domain/servers/policy.ts'
import type { EndWish } from '../../domain/users/expiry.ts'

/** When a login is to go, as its maker says it: at a moment, or after a while. */
export type EndAsked = { readonly until: number } | { readonly afterMs: number }

const DAY_MS = 86_400_000

/** The last moment that a PostgreSQL, a JSON date and this program all can write. */
const LAST_MOMENT = Date.UTC(9999, 11, 31)

/** The end of a new login: policy's longest life where nobody asked for a shorter one. Throws where it asks for a longer one. */
export function endOfNew(asked: EndAsked | undefined, policy: PolicyInForce, now: number): number | undefined {
  return asked ? momentOf(asked, policy, now) : latestEnd(policy, now)
}

/** The change of an end; `null` takes it away, which policy may not allow. */
export function newEnd(
  asked: EndAsked | null,
  before: number | undefined,
  policy: PolicyInForce,
  now: number,
): EndWish {
  if (asked) return { until: momentOf(asked, policy, now), before }
  if (latestEnd(policy, now) !== undefined)
    throw wrong(`policy lets no login stay longer than ${policy.maxLifeDays} days`)
  return { before }
}

function momentOf(asked: EndAsked, policy: PolicyInForce, now: number): number {
  const moment = 'until' in asked ? asked.until : now + asked.afterMs
  const latest = latestEnd(policy, now)
  if (!(moment > now)) throw wrong('must be in the future')
  if (moment > LAST_MOMENT) throw wrong('must be before the year 10000')
  if (latest !== undefined && moment > latest) throw wrong(`policy wants at most ${policy.maxLifeDays} days`)
  return moment
}

function latestEnd({ maxLifeDays }: PolicyInForce, now: number): number | undefined {
  return maxLifeDays === 0 ? undefined : now + maxLifeDays * DAY_MS
}

function wrong(detail: string): Fault {
  return new Fault('invalid', 'user', 'That end is not acceptable', {
    violations: [{ pointer: '/validUntil', detail }],
  })
}
