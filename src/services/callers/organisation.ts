import { createHash } from 'node:crypto'

/** The installation as 24 hex digits, for an API that knows projects as parts of an organisation. */
export function organisationIdOf(installation: string): string {
  return createHash('sha256').update(`organisation ${installation}`).digest('hex').slice(0, 24)
}
