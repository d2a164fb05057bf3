import type { Change } from '../../../domain/change.ts'
import type { Plan, Refusal, Step } from '../../engine.ts'
import type { PostgresFacts } from '../facts.ts'

export function catalogueSteps(_login: string, _facts: PostgresFacts): readonly Step[] {
  return []
}
export function refusalsToGrant(_facts: PostgresFacts): readonly Refusal[] {
  return []
}
export function planGrant(_change: Extract<Change, { kind: 'grant-user' }>, _facts: PostgresFacts): Plan {
  return { steps: [], refusals: [] }
}
