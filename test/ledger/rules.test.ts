import { describe, expect, test } from 'vitest'
import type { OperationTarget } from '../../src/domain/operations/operation.ts'
import { Secret } from '../../src/domain/secret.ts'
import { waitAfter } from '../../src/ledger/recover.ts'
import { recordAfter } from '../../src/ledger/settlement.ts'
import type { UserRecord } from '../../src/store/user-record.ts'

test('a stuck operation is tried again ever later, and never more than 30 seconds later', () => {
  expect([1, 2, 3, 7, 8, 1000].map(waitAfter)).toEqual([500, 1_000, 2_000, 30_000, 30_000, 30_000])
})

describe('what is remembered of a user', () => {
  const operation = { id: 'op_1', operatorId: 'ada', dialect: 'native' } as const
  const user = { name: 'x', incarnation: '7', locked: false, settings: {}, engineRoles: [], grants: [], flags: [] }
  const key = { name: 'x' }
  const targetOf = (change: OperationTarget['change']): OperationTarget => ({
    instanceId: 'i',
    subject: { kind: 'user', key: 'x' },
    kind: change.kind,
    change,
    steps: [],
  })
  const created = targetOf({
    kind: 'create-user',
    user: { ...key, settings: {}, engineRoles: [], grants: [] },
    password: new Secret('p'),
  })
  const reset = targetOf({ kind: 'reset-user', key, password: new Secret('q') })
  const before: UserRecord = {
    instanceId: 'i',
    key: 'x',
    incarnation: '7',
    labels: { a: 'b' },
    description: 'kept',
    asked: {},
    madeBy: { operationId: 'op_0', operatorId: 'eve', username: 'eve', dialect: 'trove', at: 1 },
  }

  test('of one that was made: who, by which operation, and what was said of it', () => {
    const record = recordAfter(operation, created, { user }, { username: 'ada', labels: { t: 'u' } }, 5)
    expect(record).toMatchObject({
      incarnation: '7',
      labels: { t: 'u' },
      passwordChangedAt: 5,
      madeBy: { operationId: 'op_1', username: 'ada', at: 5 },
      password: undefined,
    })
  })

  test('of one that was reset: everything, and the new date', () => {
    const record = recordAfter(operation, reset, { user }, { username: 'ada' }, 9, before)
    expect(record).toMatchObject({
      labels: { a: 'b' },
      description: 'kept',
      passwordChangedAt: 9,
      madeBy: before.madeBy,
    })
  })

  test('nothing of another login that had the name before', () => {
    const record = recordAfter(
      operation,
      reset,
      { user: { ...user, incarnation: '8' } },
      { username: 'ada' },
      9,
      before,
    )
    expect(record).toMatchObject({ incarnation: '8', labels: {}, madeBy: undefined })
  })

  test('nothing at all of one that others made and that is only locked', () => {
    expect(
      recordAfter(operation, targetOf({ kind: 'lock-user', key }), { user }, { username: 'ada' }, 9),
    ).toBeUndefined()
  })

  test('its password only where policy keeps it', () => {
    const keep = recordAfter(operation, created, { user }, { username: 'ada', keepPassword: true }, 5)
    expect(keep?.password?.reveal()).toBe('p')
  })
})
