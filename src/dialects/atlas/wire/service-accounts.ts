import { Type } from 'typebox'
import type { ServiceAccountSecret } from '../../../domain/callers/service-account.ts'
import type { Secret } from '../../../domain/secret.ts'
import type { ServiceAccountShown } from '../../../services/callers/service-accounts/accounts.ts'
import { clientIdOf } from '../../../services/callers/service-accounts/oauth.ts'
import { Id, listOf, Timestamp, toTimestamp } from './common.ts'
import { GroupRoles, OrgRoles } from './roles.ts'

export const AccountSecret = Type.Object(
  {
    id: Id,
    createdAt: Timestamp,
    expiresAt: Timestamp,
    lastUsedAt: Type.Optional(Timestamp),
    maskedSecretValue: Type.Optional(Type.String()),
    secret: Type.Optional(Type.String({ description: 'In the answer that makes it, and never again' })),
  },
  { $id: 'ServiceAccountSecret' },
)

export const Account = Type.Object(
  {
    clientId: Type.String({ pattern: '^mdb_sa_id_[0-9a-f]{24}$' }),
    createdAt: Timestamp,
    description: Type.String(),
    name: Type.String(),
    roles: Type.Array(Type.String()),
    secrets: Type.Array(AccountSecret),
  },
  { $id: 'ServiceAccount' },
)
export const AccountList = listOf(Account, 'ServiceAccountList')

const name = Type.String({ minLength: 1, maxLength: 64, pattern: "^[\\p{L}\\p{N}\\-_.,' ]*$" })
const description = Type.String({ maxLength: 250, pattern: "^[\\p{L}\\p{N}\\-_.,' ]*$" })
const hours = Type.Integer({ minimum: 8, maximum: 8760 })

export const NewGroupAccount = Type.Object(
  { name, description, roles: GroupRoles, secretExpiresAfterHours: hours },
  { additionalProperties: false },
)
export const NewOrgAccount = Type.Object(
  { name, description, roles: OrgRoles, secretExpiresAfterHours: hours },
  { additionalProperties: false },
)
export const ChangedGroupAccount = Type.Object(
  { name: Type.Optional(name), description: Type.Optional(description), roles: Type.Optional(GroupRoles) },
  { additionalProperties: false },
)
export const ChangedOrgAccount = Type.Object(
  { name: Type.Optional(name), description: Type.Optional(description), roles: Type.Optional(OrgRoles) },
  { additionalProperties: false },
)
export const NewSecret = Type.Object({ secretExpiresAfterHours: hours }, { additionalProperties: false })

export function fromAccount({ account, key, secrets }: ServiceAccountShown, roles: readonly string[]) {
  return {
    clientId: clientIdOf(account.keyId),
    createdAt: toTimestamp(key.createdAt),
    description: key.description ?? '',
    name: account.name,
    roles,
    secrets: secrets.map(secret => fromSecret(secret)),
  }
}

export function fromSecret({ id, createdAt, expiresAt, lastUsedAt, ending }: ServiceAccountSecret, secret?: Secret) {
  return {
    id,
    createdAt: toTimestamp(createdAt),
    expiresAt: toTimestamp(expiresAt),
    lastUsedAt: lastUsedAt === undefined ? undefined : toTimestamp(lastUsedAt),
    ...(secret ? { secret: secret.reveal() } : { maskedSecretValue: `mdb_sa_sk_...${ending}` }),
  }
}
