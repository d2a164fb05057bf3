import { Type } from 'typebox'

/** Where something else is. */
export const Link = Type.Object({ href: Type.String(), rel: Type.String() })

/** Of a page: there where another one follows. */
export const Links = Type.Optional(Type.Array(Link))

/** Nothing is said that could be read: a 202 or 204. */
export const Nothing = Type.Null()

export const AccountParams = Type.Object({ accountId: Type.String() })
export const InstanceParams = Type.Object({ accountId: Type.String(), instanceId: Type.String() })
export const UserParams = Type.Object({ accountId: Type.String(), instanceId: Type.String(), name: Type.String() })

/** Read from the address as it stands there: the marker has rules of its own. */
export const PageQuery = Type.Object({
  limit: Type.Optional(
    Type.Any({ description: 'A whole number; at most 20 (or what the settings say), which is what counts without it' }),
  ),
  marker: Type.Optional(Type.Any({ description: 'The last of the page before' })),
})
