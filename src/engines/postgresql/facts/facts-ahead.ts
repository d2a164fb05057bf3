import type { Change } from '../../../domain/users/change.ts'
import type { Mark } from '../../../domain/users/user.ts'
import type { Foreseen } from '../../engine.ts'
import type { Link } from '../link/link.ts'
import type { Links } from '../link/links.ts'
import type { PostgresFacts } from './facts.ts'
import { readFacts, verifierOf } from './facts-of.ts'

/** Answers the facts of a change if they have been read ahead, once: whoever asks again wants to know what is so then. */
export type TakeFacts = (change: Change, mark: Mark) => Promise<PostgresFacts> | undefined

/** Facts that are asked for together with a link's own introduction. */
export interface FactsAhead {
  ask(link: Link): void
  /** What was asked over this link, if it was. */
  on(link: Link): TakeFacts
}

export function factsAhead({ change, mark }: Foreseen, linksOver: (link: Link) => Links): FactsAhead {
  // Begun before a link is looked for: it takes as long as the questions do.
  const verifier = verifierOf(change)
  let asked: { readonly link: Link; readonly facts: Promise<PostgresFacts> } | undefined

  function ask(link: Link): void {
    const facts = readFacts(linksOver(link), change, mark, verifier)
    // Where the link is not used after all, nobody asks for them.
    facts.catch(() => undefined)
    asked = { link, facts }
  }

  function on(link: Link): TakeFacts {
    // A link that is given back when it is closed is the same one by its session.
    let kept = asked?.link.session === link.session ? asked : undefined
    return (wanted, by) => {
      const facts = wanted === change && by.operation === mark.operation ? kept?.facts : undefined
      kept = undefined
      return facts
    }
  }

  return { ask, on }
}
