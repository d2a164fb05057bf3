import { createHash } from 'node:crypto'
import { Type } from 'typebox'
import type { Operator } from '../../../domain/callers/operator.ts'
import { ref } from '../../request.ts'

const UserBody = Type.Object(
  {
    id: Type.String({ minLength: 5, maxLength: 10 }),
    username: Type.String(),
    avatarUrl: Type.String({ description: 'Empty: pictures would be fetched from elsewhere' }),
    emailAddress: Type.String(),
    name: Type.Optional(Type.String()),
    marketingOptIn: Type.Boolean(),
    signupDate: Type.String({ format: 'date-time' }),
    idpUserId: Type.String(),
    userHash: Type.String(),
    hasNativeIdp: Type.Boolean(),
    aclObject: Type.String(),
    aclSubject: Type.String(),
    links: Type.Object({
      self: Type.String(),
      teams: Type.String(),
      mockApis: Type.String({ description: 'Nothing is served there' }),
      dataSources: Type.String(),
      keys: Type.String({ description: 'Nothing is served there' }),
      organisation: Type.String(),
      aclSubject: Type.String(),
      aclObject: Type.String(),
      databaseConnections: Type.String(),
    }),
  },
  { $id: 'User' },
)

export const SingleUser = Type.Object({ user: ref(UserBody) })
export const userSchemas = [UserBody]

export const UserChange = Type.Object({
  user: Type.Object({
    emailAddress: Type.String(),
    marketingOptIn: Type.Boolean({ description: 'Nobody is written to, whatever it says' }),
    name: Type.Optional(Type.String()),
  }),
})

/** Where the published API has what access lists are about; told for clients that look for the fields. */
export function aclLinks(id: string) {
  return { aclSubject: `/v1/acl/subjects/${id}`, aclObject: `/v1/acl/objects/${id}` }
}

export function fromOperator(operator: Operator, organisation: string) {
  const { id, username, email = '', name, issuer, subject, createdAt } = operator
  const self = `/v1/users/${id}`
  return {
    user: {
      id,
      username,
      avatarUrl: '',
      emailAddress: email,
      name,
      marketingOptIn: false,
      signupDate: new Date(createdAt).toISOString(),
      idpUserId: subject ?? id,
      userHash: createHash('sha256').update(id).digest('hex'),
      hasNativeIdp: issuer === undefined,
      aclObject: id,
      aclSubject: id,
      links: {
        self,
        teams: `${self}/teams`,
        mockApis: `${self}/apis`,
        dataSources: `${self}/data-sources`,
        keys: `${self}/jwks`,
        organisation: `/v1/organisations/${organisation}`,
        ...aclLinks(id),
        databaseConnections: `${self}/database-connections`,
      },
    },
  }
}
