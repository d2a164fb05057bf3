import type { Target } from '../../engine.ts'
import { connectBeside } from './connect.ts'
import type { Link } from './link.ts'
import type { Dial } from './session.ts'

/** One attempt's sessions: the first, and one more for each other database that it has to look or act in. All carry one name. */
export interface Links extends AsyncDisposable {
  readonly main: Link
  readonly signal: AbortSignal
  at(database: string): Promise<Link>
  /** Closes all but the first. */
  closeOthers(): Promise<void>
}

export function linksFrom(dial: Dial, main: Link, target: Target, signal: AbortSignal): Links {
  const others = new Map<string, Promise<Link>>()
  const connect = (database: string) => {
    const link = connectBeside(dial, main, database, target, signal)
    others.set(database, link)
    // A failure isn't kept: the database may take connections the next time.
    link.catch(() => others.delete(database))
    return link
  }
  const closeOthers = async () => {
    const open = await Promise.allSettled(others.values())
    others.clear()
    await Promise.all(open.map(link => (link.status === 'fulfilled' ? link.value.close() : undefined)))
  }
  return {
    main,
    signal,
    at: async database => (database === main.state.database ? main : (others.get(database) ?? connect(database))),
    closeOthers,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([main.close(), closeOthers()])
    },
  }
}
