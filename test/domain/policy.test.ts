import { expect, test } from 'vitest'
import { BUILT_IN_POLICY, policyInForce } from '../../src/domain/servers/policy.ts'

test('the nearest level that says something decides', () => {
  const { policy, from } = policyInForce([
    ['installation', { minPasswordLength: 12, onOwned: 'drop' }],
    ['project', { minPasswordLength: 16 }],
    ['instance', { manageExisting: false }],
  ])
  expect(policy).toEqual({ ...BUILT_IN_POLICY, minPasswordLength: 16, onOwned: 'drop', manageExisting: false })
  expect(from).toMatchObject({
    minPasswordLength: 'project',
    onOwned: 'installation',
    manageExisting: 'instance',
    onDelete: 'built-in',
  })
})
