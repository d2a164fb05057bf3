import type { Plan, Step } from '../../engine.ts'
import type { MongodbFacts } from '../facts/facts.ts'
import { missingRight } from '../facts/rights.ts'

/** A plan for a login that must be there. */
export function onExisting(name: string, { login, rights }: MongodbFacts, steps: readonly Step[]): Plan {
  if (!login) {
    return { steps: [], refusals: [{ code: 'not_found', subject: 'user', message: `There is no login ${name}` }] }
  }
  return { steps, refusals: steps.length === 0 || rights.users ? [] : [missingRight('users')] }
}
