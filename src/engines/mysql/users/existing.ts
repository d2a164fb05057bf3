import type { Plan, Refusal, Step } from '../../engine.ts'
import type { MysqlFacts } from '../facts/facts.ts'
import { mayMakeUsers, missingRight } from '../facts/rights.ts'

/** A plan for a login that must be there. */
export function onExisting(name: string, facts: MysqlFacts, steps: readonly Step[]): Plan {
  if (!facts.account) {
    return { steps: [], refusals: [{ code: 'not_found', subject: 'user', message: `There is no login ${name}` }] }
  }
  return { steps, refusals: steps.length > 0 ? refusalsToAlter(facts) : [] }
}

export function refusalsToAlter({ rights }: MysqlFacts): readonly Refusal[] {
  return mayMakeUsers(rights) ? [] : [missingRight('The managing login lacks CREATE USER, which changing logins needs')]
}
