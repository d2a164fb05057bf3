import type { Change } from '../../../domain/users/change.ts'
import type { Plan } from '../../engine.ts'
import type { PostgresFacts } from '../facts/facts.ts'
import { onExisting } from '../users/existing.ts'
import { giveSteps } from './give.ts'
import { refusalsToGive, refusalsToTake } from './refusals.ts'
import { takeSteps } from './take.ts'

/** First what is taken away, then what is given: one transaction for each database, and the login's mark in each. */
export function planGrant(
  { key, grants, closePublic }: Extract<Change, { kind: 'grant-user' }>,
  facts: PostgresFacts,
): Plan {
  if (!facts.role) return onExisting(key.name, facts, [])
  const steps = [
    ...takeSteps(key.name, grants.remove, facts),
    ...giveSteps(key.name, grants.add, facts, closePublic === true),
  ]
  const { refusals } = onExisting(key.name, facts, steps)
  return {
    steps,
    refusals: [
      ...refusals,
      ...refusalsToGive(key.name, grants.add, facts),
      ...refusalsToTake(key.name, grants.remove, facts),
    ],
  }
}
