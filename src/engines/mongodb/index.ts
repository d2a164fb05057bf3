import { type Engine, sessionText } from '../engine.ts'
import { adminClient } from './admin.ts'
import { connectionStrings } from './connection-strings.ts'
import { about } from './description.ts'
import { connectTo } from './link/connect.ts'
import { dialWithMongodb } from './link/dial.ts'
import { endSessions, openLinks } from './link/end.ts'
import type { Link } from './link/link.ts'
import { canLogIn } from './link/log-in.ts'
import { linkPool } from './link/pool.ts'
import type { Dial } from './link/session.ts'
import { plan, undo } from './plan.ts'
import { rolesAfter } from './roles/plan.ts'

export type { Dial } from './link/session.ts'

/** MongoDB, and what speaks its protocol. Every link is made by `dial`, and everything that is sent goes through its `command`. */
export function mongodb(dial: Dial = dialWithMongodb): Engine {
  const links = openLinks()
  return {
    about,
    plan,
    undo,
    open: async (target, session, signal) => {
      const link = await connectTo(dial, target, { programName: sessionText(session) }, signal)
      links.add(session, link)
      return adminClient(link, signal)
    },
    endSession: (target, session, signal) => endSessions(links, target, session, signal),
    pool: (target, limits) =>
      linkPool({
        // Whoever asks first connects for all: its own hanging up must not cost the others their link.
        connect: ({ max, idleMs }) =>
          connectTo(
            dial,
            target,
            { programName: 'rolecall/read', connections: max, idleMs },
            AbortSignal.timeout(target.connectTimeoutMs * 2),
          ),
        clientOver: (link, signal) => adminClient(borrowed(link), signal),
        limits,
      }),
    rolesAfter,
    connectionStrings,
    canLogIn: (target, key, password, signal) => canLogIn(dial, target, key, password, signal),
  }
}

// A pool's link outlives the client that it is lent to.
function borrowed(link: Link): Link {
  return Object.create(link, { close: { value: async () => {} } }) as Link
}
