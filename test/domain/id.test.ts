import { expect, test } from 'vitest'
import { newOperationId, newProjectId, newPublicKey, newShortId, ulid } from '../../src/domain/id.ts'

test.each([
  ['a project', newProjectId, /^[0-9a-f]{24}$/],
  ['an operator or connection', newShortId, /^[a-z][a-z0-9]{4,9}$/],
  ['a public key', newPublicKey, /^[a-z]{8}$/],
  ['an operation', () => newOperationId(Date.now()), /^op_[0-9A-Z]{26}$/],
])('the id of %s has the form that every API takes', (_what, make, form) => {
  for (let n = 0; n < 50; n++) expect(make()).toMatch(form)
})

test('operations sort by the time at which they began', () => {
  const ids = [1, 1_000, 1_700_000_000_000, 1_700_000_000_001].map(ulid)
  expect([...ids].sort()).toEqual(ids)
})
