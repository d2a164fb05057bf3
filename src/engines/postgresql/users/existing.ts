import type { Plan, Statement, Step } from '../../engine.ts'
import type { PostgresFacts } from '../facts/facts.ts'
import { cannotAlter } from '../facts/reach.ts'
import { commentOnRole, markedComment } from '../marks.ts'

/** A plan for a login that must be there. */
export function onExisting(name: string, facts: PostgresFacts, steps: readonly Step[]): Plan {
  if (!facts.exists) {
    return { steps: [], refusals: [{ code: 'not_found', subject: 'user', message: `There is no login ${name}` }] }
  }
  const cannot = steps.length > 0 && facts.reach ? cannotAlter(facts.state, facts.reach) : undefined
  return { steps, refusals: cannot ? [cannot] : [] }
}

/** Our mark, renewed in the transaction of every change; a locked login's goes on saying so. */
export function remark(
  { role, roleMark, mark }: PostgresFacts,
  locked = roleMark?.locked === true && !role!.canLogIn,
): Statement {
  return commentOnRole(role!.name, markedComment(role!.comment ?? undefined, mark, locked))
}
