import { Type } from 'typebox'

export const RootStatus = Type.Object({ rootEnabled: Type.Boolean() }, { $id: 'RootStatus' })

/** Its password is told here and never again. */
export const RootUser = Type.Object(
  { user: Type.Object({ name: Type.String(), password: Type.String() }) },
  { $id: 'RootUser' },
)

export const EnableRoot = Type.Optional(
  Type.Object({ password: Type.Optional(Type.String({ minLength: 1, maxLength: 255, pattern: '[0-9A-Za-z]' })) }),
)
