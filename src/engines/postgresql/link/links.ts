import { Fault, isFault, isTransient } from '../../../domain/fault.ts'
import type { Target } from '../../engine.ts'
import { connectBeside } from './connect.ts'
import type { Link } from './link.ts'
import type { Dial } from './session.ts'

/** One attempt's sessions. All carry one name. */
export interface Links extends AsyncDisposable {
  readonly main: Link
  readonly signal: AbortSignal
  /** Works in a database: over the main session if that is there, else over one more, which closes when the work is done. */
  within<T>(database: string, work: (link: Link) => Promise<T>): Promise<T>
}

export function linksFrom(dial: Dial, main: Link, target: Target, signal: AbortSignal): Links {
  return {
    main,
    signal,
    within: async (database, work) => {
      if (database === main.state.database) return work(main)
      const link = await connectBeside(dial, main, database, target, signal)
      try {
        await stillThere(main, signal)
        return await work(link)
      } finally {
        await link.close()
      }
    },
    [Symbol.asyncDispose]: () => main.close(),
  }
}

/**
 * Whoever took the operation over has ended the main session, and looks until no other of its name is there. One that is there while the
 * main session still answers is found by them; one that came later must do nothing.
 */
async function stillThere(main: Link, signal: AbortSignal): Promise<void> {
  await main.ask(signal, 'select')
}

/** Why a database lets us not look into it. What a repeat may cure is no reason, and thrown. */
export function whyClosed(error: unknown): string {
  if (!isFault(error) || isTransient(error)) throw error
  if (error.code === 'not_found') {
    throw new Fault('conflict', 'database', 'A database went away while it was looked into', { cause: error })
  }
  return error.message
}

/** A server may have hundreds of databases, and few sessions to spare. */
const AT_ONCE = 4

/** Does the same with each, a few at once; the answers are in order. */
export async function withEach<T, R>(things: readonly T[], work: (thing: T) => Promise<R>): Promise<readonly R[]> {
  const answers: R[] = []
  for (let at = 0; at < things.length; at += AT_ONCE) {
    answers.push(...(await Promise.all(things.slice(at, at + AT_ONCE).map(work))))
  }
  return answers
}
