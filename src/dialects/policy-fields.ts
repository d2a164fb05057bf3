import { Type } from 'typebox'
import { BUILT_IN_POLICY } from '../domain/servers/policy.ts'

/** The levels at which a policy may be said share this schema. */
export const PolicySchema = Type.Object(
  {
    minPasswordLength: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1024, default: BUILT_IN_POLICY.minPasswordLength }),
    ),
    maxLifeDays: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 36_500,
        description: 'Days after which a new login goes at the latest; 0: it may stay',
      }),
    ),
    onOwned: Type.Optional(
      Type.String({
        pattern: '^(refuse|drop|reassign:.+)$',
        description: 'What a drop does with objects the user owns',
      }),
    ),
    allowOwnedDrop: Type.Optional(Type.Boolean()),
    forceDropDatabase: Type.Optional(Type.Boolean()),
    manageExisting: Type.Optional(
      Type.Boolean({ description: 'May logins that others made be reset, locked or dropped' }),
    ),
    closePublic: Type.Optional(Type.Boolean()),
    newUserGrants: Type.Optional(Type.Enum(['none', 'read', 'readwrite', 'owner'])),
    passwordRecall: Type.Optional(Type.Enum(['never', 'stored'])),
    requirePasswordOnMove: Type.Optional(
      Type.Boolean({ description: 'A connection is led to another server only with its password typed again' }),
    ),
    onDelete: Type.Optional(Type.Enum(['release', 'refuse'])),
  },
  { additionalProperties: false },
)
