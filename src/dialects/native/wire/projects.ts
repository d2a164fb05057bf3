import { Type } from 'typebox'
import type { ApiKey } from '../../../domain/callers/api-key.ts'
import type { Member, Project } from '../../../domain/callers/project.ts'
import { SCOPES } from '../../../domain/callers/scope.ts'
import type { MadeKey } from '../../../services/callers/keys.ts'
import { PolicySchema } from '../../policy-fields.ts'
import { Closed, RoleName, Time, toTime } from './common.ts'

const Name = Type.String({ minLength: 1, maxLength: 64, pattern: "^[\\p{L}\\p{N}\\-_.(),:&@+' ]+$" })
const Alias = Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$', description: 'Stands for the id in Trove paths' })

export const NewProject = Type.Object(
  { name: Name, alias: Type.Optional(Alias), policy: Type.Optional(PolicySchema) },
  Closed,
)

export const ProjectPatch = Type.Object(
  {
    name: Type.Optional(Name),
    alias: Type.Optional(Type.Union([Alias, Type.Null()])),
    policy: Type.Optional(PolicySchema),
  },
  Closed,
)

export const ProjectBody = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    alias: Type.Optional(Type.String()),
    policy: PolicySchema,
    createdAt: Time,
  },
  { $id: 'Project' },
)

export function fromProject({ id, name, alias, policy, createdAt }: Project) {
  return { id, name, alias, policy, createdAt: toTime(createdAt) }
}

export const MemberBody = Type.Object(
  { operator: Type.String(), username: Type.String(), role: RoleName, since: Time },
  { $id: 'Member' },
)
export const MemberWish = Type.Object({ role: RoleName }, Closed)

export function fromMember({ operatorId, username, role, since }: Member) {
  return { operator: operatorId, username, role, since: toTime(since) }
}

export const NewKeyBody = Type.Object(
  {
    role: RoleName,
    operator: Type.Optional(Type.String({ description: 'Whose key; your own unless you are an admin' })),
    description: Type.Optional(Type.String({ maxLength: 255 })),
    scopes: Type.Optional(
      Type.Array(Type.Enum([...SCOPES]), {
        minItems: 1,
        uniqueItems: true,
        description: 'Narrows what the role gives, over all APIs; left out, nothing is narrowed',
      }),
    ),
    networks: Type.Optional(
      Type.Array(Type.String(), { maxItems: 64, description: 'Client networks (CIDR) it may be used from' }),
    ),
    expiresAt: Type.Optional(Time),
  },
  Closed,
)

export const KeyBody = Type.Object(
  {
    id: Type.String(),
    public: Type.String(),
    operator: Type.String(),
    role: Type.Optional(RoleName),
    scopes: Type.Optional(Type.Array(Type.String())),
    networks: Type.Array(Type.String()),
    description: Type.Optional(Type.String()),
    createdAt: Time,
    expiresAt: Type.Optional(Time),
    revokedAt: Type.Optional(Time),
    lastUsedAt: Type.Optional(Time),
  },
  { $id: 'Key' },
)

export function fromKey(key: ApiKey, projectId: string) {
  const here = key.projects.find(project => project.projectId === projectId)
  const { id, publicKey, operatorId, networks, description } = key
  return {
    id,
    public: publicKey,
    operator: operatorId,
    role: here?.role,
    scopes: here?.scopes,
    networks,
    description,
    createdAt: toTime(key.createdAt),
    expiresAt: toTime(key.expiresAt),
    revokedAt: toTime(key.revokedAt),
    lastUsedAt: toTime(key.lastUsedAt),
  }
}

export const MadeKeyBody = Type.Intersect(
  [
    KeyBody,
    Type.Object({
      private: Type.String({ description: 'Shown here and never again' }),
      headers: Type.Array(Type.String()),
    }),
  ],
  { $id: 'MadeKey' },
)

/** The one answer that holds the private half, with the four ways to send it. */
export function fromMadeKey({ key, privateKey }: MadeKey, projectId: string) {
  const secret = privateKey.reveal()
  const headers = [
    `Authorization: Bearer ${secret}`,
    `Authorization: Token ${secret}`,
    `X-Auth-Token: ${secret}`,
    `curl --digest -u ${key.publicKey}:${secret}`,
  ]
  return { ...fromKey(key, projectId), private: secret, headers }
}
