import { EVERY } from './drill/crash-drill.ts'
import { expiryDrill } from './drill/expiry-drill.ts'
import { onPostgresql } from './drill/on.ts'

/** One more than are dropped one by one. */
const CROWD = 13

// A point of one login is like that of the next: `npm test` looks at about one of each.
expiryDrill({
  part: 'crowd',
  start: onPostgresql,
  title: 'many logins whose time is over',
  logins: CROWD,
  every: 6 * EVERY,
})
