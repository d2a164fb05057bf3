import type { EndWish } from '../../../domain/users/expiry.ts'
import type { Statement } from '../../engine.ts'
import { open, quoteName, quoteText } from '../sql.ts'
import type { UserRow } from './read.ts'

/** The server's own switch, for the day on which Rolecall is not there: it stops passwords, and nothing else. */
export function validUntil(until: number): string {
  return `valid until ${quoteText(new Date(until).toISOString())}`
}

/** Moves the server's switch along with the end. One that somebody else set to an earlier time stays, and so does any when ours goes. */
export function endStatements(
  { name, passwordUntil }: Pick<UserRow, 'name' | 'passwordUntil'>,
  end: EndWish | undefined,
): readonly Statement[] {
  if (!end) return []
  const { until, before } = end
  const now = passwordUntil === null ? undefined : Math.round(passwordUntil)
  const isTheirs = now !== undefined && now !== before
  if (until === now || (isTheirs && now <= (until ?? Number.POSITIVE_INFINITY))) return []
  const option = until === undefined ? "valid until 'infinity'" : validUntil(until)
  return [open(`alter role ${quoteName(name)} ${option}`)]
}
