import { Type } from 'typebox'
import type { TestOutcome } from '../../../services/connections/connection-tests.ts'
import { ref } from '../../request.ts'
import { SingleErrorBody } from './errors.ts'

/** A connection that fails is an answer, not an error. */
export const TestOutcomeBody = Type.Object(
  {
    outcome: Type.Enum(['SUCCESS', 'FAILURE']),
    errors: Type.Optional(Type.Array(ref(SingleErrorBody))),
  },
  { $id: 'DatabaseConnectionTestOutcome' },
)

export function fromOutcome({ outcome, detail }: TestOutcome) {
  if (outcome === 'SUCCESS') return { outcome }
  return { outcome, errors: [{ title: 'Could not connect to database.', detail }] }
}
