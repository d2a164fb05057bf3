import { type Engine, sessionText } from '../engine.ts'
import { linkPool } from '../link-pool.ts'
import { adminClient } from './admin.ts'
import { connectionStrings } from './connection-strings.ts'
import { about } from './description.ts'
import { connectTo } from './link/connect.ts'
import { dialWithMysql2 } from './link/dial.ts'
import { endSessions } from './link/end.ts'
import type { Link } from './link/link.ts'
import { nameSession } from './link/locks.ts'
import { canLogIn } from './link/log-in.ts'
import type { Dial } from './link/session.ts'
import { plan, undo } from './plan.ts'

export type { Dial } from './link/session.ts'
export { dialWithMysql2 }

/** MySQL and MariaDB. Every session is made by `dial`, and everything that is sent goes through its `query`. */
export function mysql(dial: Dial = dialWithMysql2): Engine {
  return {
    about,
    plan,
    undo,
    open: async (target, session, signal) => {
      const link = await connectTo(dial, target, sessionText(session), signal)
      try {
        await nameSession(link, session, signal)
        return adminClient(link, signal)
      } catch (error) {
        await link.close()
        throw error
      }
    },
    endSession: (target, session, signal) => endSessions(dial, target, session, signal),
    pool: (target, limits) =>
      linkPool({
        connect: signal => connectTo(dial, target, 'rolecall/read', signal),
        clientOver: (link, signal) => adminClient(borrowed(link), signal),
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
