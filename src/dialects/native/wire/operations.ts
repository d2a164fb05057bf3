import { Type } from 'typebox'
import { isStuck, type Operation } from '../../../domain/operations/operation.ts'
import type { Secret } from '../../../domain/secret.ts'
import type { Preview } from '../../../services/operations/prepared.ts'
import { FAULTS } from '../../faults.ts'
import { ListQuery } from '../lists.ts'
import { Time, toTime } from './common.ts'

export const OperationQuery = Type.Object({
  ...ListQuery.properties,
  state: Type.Optional(Type.Enum(['open', 'settled', 'undone', 'stuck'])),
  instance: Type.Optional(Type.String()),
})

const StepBody = Type.Object({ database: Type.Optional(Type.String()), statement: Type.String(), why: Type.String() })

export const OperationBody = Type.Object(
  {
    id: Type.String(),
    state: Type.Enum(['open', 'settled', 'undone', 'stuck']),
    kind: Type.String(),
    operator: Type.String(),
    key: Type.Optional(Type.String()),
    address: Type.String(),
    dialect: Type.String(),
    request: Type.String(),
    createdAt: Time,
    settledAt: Type.Optional(Time),
    attempts: Type.Integer(),
    nextTryAt: Type.Optional(Time),
    lastFault: Type.Optional(Type.Object({ fault: Type.String(), detail: Type.String(), at: Time })),
    abandonedBy: Type.Optional(Type.String()),
    answer: Type.Enum(['none', 'undelivered', 'delivered']),
    targets: Type.Array(
      Type.Object({
        instance: Type.String(),
        kind: Type.String(),
        subject: Type.String(),
        steps: Type.Array(StepBody),
      }),
    ),
  },
  { $id: 'Operation' },
)

/** What is left to say of a change whose login is not to be seen any more. */
export const OperationAnswer = Type.Object(
  {
    operation: Type.String(),
    password: Type.Optional(Type.String({ description: 'Made by Rolecall; shown here and never again' })),
  },
  { $id: 'OperationAnswer', additionalProperties: false },
)

export function fromAnswer({ id }: Operation, password?: Secret) {
  return { operation: id, password: password?.reveal() }
}

export function fromOperation(operation: Operation) {
  const {
    id,
    state,
    operatorId,
    keyId,
    address,
    dialect,
    requestId,
    attempts,
    lastFault,
    abandonedBy,
    answer,
    targets,
  } = operation
  return {
    id,
    state: isStuck(operation) ? 'stuck' : state,
    kind: targets[0]?.kind,
    operator: operatorId,
    key: keyId,
    address,
    dialect,
    request: requestId,
    createdAt: toTime(operation.createdAt),
    settledAt: toTime(operation.settledAt),
    attempts,
    nextTryAt: toTime(operation.nextTryAt),
    lastFault: lastFault && {
      fault: FAULTS[lastFault.code].native[1],
      detail: lastFault.message,
      at: toTime(lastFault.at),
    },
    abandonedBy,
    answer,
    targets: targets.map(({ instanceId, kind, subject, steps }) => ({
      instance: instanceId,
      kind,
      subject: nameIn(subject.kind, subject.key),
      steps,
    })),
  }
}

/** A user's key is a JSON array that begins with its name; other subjects are their own names. */
function nameIn(kind: string, key: string): string {
  return kind === 'user' ? (JSON.parse(key) as string[])[0]! : key
}

export function fromPreview({ steps, refusals }: Preview): { plan: unknown } {
  return {
    plan: {
      steps: steps.map(({ instanceId, database, statement, why }) => ({
        instance: instanceId,
        database,
        statement,
        why,
      })),
      refusals: refusals.map(({ code, message, counts }) => ({
        fault: FAULTS[code].native[1],
        detail: message,
        counts,
      })),
    },
  }
}
