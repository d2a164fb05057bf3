import { Type } from 'typebox'
import type { OnOwned } from '../domain/servers/policy.ts'
import { oneOf, text, yesNo } from './values.ts'

/** The installation's level of policy: what projects and instances may say otherwise. */
export const PolicySettings = Type.Object({
  minPasswordLength: Type.Optional(
    Type.Integer({
      description: 'shortest password a caller may choose',
      minimum: 1,
      maximum: 1000,
      right: 'a whole number from 1 to 1000',
    }),
  ),
  maxLifeDays: Type.Optional(
    Type.Integer({
      description: 'days after which a new user goes at the latest; 0: it may stay',
      minimum: 0,
      maximum: 36_500,
      right: 'a whole number from 0 to 36500',
    }),
  ),
  onOwned: Type.Optional(
    Type.Unsafe<OnOwned>(
      text('what happens to objects of a user that is dropped', {
        pattern: '^(refuse|drop|reassign:.+)$',
        right: 'refuse, drop or reassign:NAME',
      }),
    ),
  ),
  allowOwnedDrop: Type.Optional(yesNo('may callers ask to drop what a user owns')),
  forceDropDatabase: Type.Optional(yesNo('end the sessions of a database that is dropped, instead of refusing')),
  manageExisting: Type.Optional(yesNo('may logins that others made be reset, locked or dropped')),
  closePublic: Type.Optional(yesNo("close PUBLIC's rights on databases that are granted on")),
  newUserGrants: Type.Optional(
    oneOf('what a new user may do where its maker says nothing', ['none', 'read', 'readwrite', 'owner']),
  ),
  passwordRecall: Type.Optional(oneOf('are passwords kept, sealed, to be read again', ['never', 'stored'])),
  requirePasswordOnMove: Type.Optional(
    yesNo('is a connection led to another server only with its password typed again'),
  ),
  onDelete: Type.Optional(oneOf("what a dialect's delete of an instance does", ['release', 'refuse'])),
})
