import { type Engine, sessionText } from '../engine.ts'
import { linkPool } from '../link-pool.ts'
import { adminClient } from './admin.ts'
import { connectionStrings } from './connection-strings.ts'
import { about } from './description.ts'
import { factsAhead } from './facts/facts-ahead.ts'
import { connectTo } from './link/connect.ts'
import { dialWithPg } from './link/dial.ts'
import { endSessions } from './link/end.ts'
import type { Link } from './link/link.ts'
import { linksFrom } from './link/links.ts'
import { canLogIn } from './link/log-in.ts'
import { type Dial, READING_NAME } from './link/session.ts'
import { linkForAttempt } from './link/spares.ts'
import { plan, undo } from './plan.ts'

export type { Dial, PgSession } from './link/session.ts'
export { dialWithPg }

/** PostgreSQL. Every session is made by `dial`, and everything that is sent goes through its `query`. */
export function postgresql(dial: Dial = dialWithPg): Engine {
  return {
    about,
    plan,
    undo,
    open: async (target, session, signal, spares, foreseen) => {
      const early = foreseen && factsAhead(foreseen, link => linksFrom(dial, link, target, signal))
      const main = await linkForAttempt(dial, target, sessionText(session), signal, spares, early?.ask)
      return adminClient(linksFrom(dial, main, target, signal), early?.on(main))
    },
    endSession: (target, session, signal) => endSessions(dial, target, session, signal),
    pool: (target, limits) =>
      linkPool({
        connect: signal => connectTo(dial, target, READING_NAME, signal),
        clientOver: (link, signal) => adminClient(linksFrom(dial, borrowed(link), target, signal)),
        limits,
      }),
    connectionStrings,
    canLogIn: (target, key, password, signal) => canLogIn(dial, target, key, password, signal),
  }
}

// A pool's link outlives the client that it is lent to.
function borrowed(link: Link): Link {
  return Object.create(link, { close: { value: async () => {} } }) as Link
}
