import type { FastifyRequest, onRequestAsyncHookHandler } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { ApiKey } from '../../../../domain/callers/api-key.ts'
import type { AlsoWritten, MadeKey } from '../../../../services/callers/keys.ts'
import type { AtlasParts } from '../../context.ts'
import { refusal } from '../../refusals/refusal.ts'
import { keysOfGroup } from '../../requests/keys.ts'
import { groupWith, orgKeepers } from '../../requests/places.ts'
import { fromRole, type GroupRoles, type OrgRoles, orgRoleOf, toReach, toRole } from '../../wire/roles.ts'
import { ChangedGroupAccount, ChangedOrgAccount, NewGroupAccount, NewOrgAccount } from '../../wire/service-accounts.ts'

export interface NewAccountBody {
  readonly name: string
  readonly description: string
  readonly roles: readonly string[]
  readonly secretExpiresAfterHours: number
}

/** Where service accounts are kept: a project, or the installation. The routes are the same. */
export interface AccountPlace {
  /** `Group` or `Org`, for names of operations. */
  readonly kind: string
  readonly path: string
  readonly params: Record<string, TSchema>
  readonly newBody: TSchema
  readonly changedBody: TSchema
  readonly reading: onRequestAsyncHookHandler
  readonly writing: onRequestAsyncHookHandler
  keys(request: FastifyRequest): Promise<readonly ApiKey[]>
  rolesOf(request: FastifyRequest, key: ApiKey): readonly string[]
  create(request: FastifyRequest, body: NewAccountBody, also: AlsoWritten): Promise<MadeKey>
  setRoles(request: FastifyRequest, key: ApiKey, roles: readonly string[]): Promise<ApiKey>
  remove(request: FastifyRequest, key: ApiKey): Promise<void>
}

type GroupRole = Type.Static<typeof GroupRoles>[number]
type OrgRole = Type.Static<typeof OrgRoles>[number]

export function inGroups(parts: AtlasParts): AccountPlace {
  const { keys, keyChanges } = parts.services
  const roleFor = ({ caller, projectId }: FastifyRequest, roles: readonly string[]) =>
    toRole(roles as GroupRole[], caller.roles.get(projectId)!)
  return {
    kind: 'Group',
    path: '/groups/:groupId/serviceAccounts',
    params: { groupId: Type.String() },
    newBody: NewGroupAccount,
    changedBody: ChangedGroupAccount,
    reading: groupWith(parts, 'belong'),
    writing: groupWith(parts, 'administer'),
    keys: request => keysOfGroup(parts, request),
    rolesOf: ({ projectId }, { projects }) =>
      projects.filter(one => one.projectId === projectId).map(({ role }) => fromRole(role)),
    create: (request, { description, roles }, also) =>
      keys.create(request.caller, request.projectId, { role: roleFor(request, roles), description }, also),
    setRoles: (request, { id }, roles) =>
      keyChanges.setRole(request.caller, request.projectId, id, roleFor(request, roles)),
    remove: ({ caller, projectId }, { id }) => keyChanges.leave(caller, projectId, id),
  }
}

export function inOrg(parts: AtlasParts): AccountPlace {
  const { keyChanges } = parts.services
  const keepers = orgKeepers(parts)
  return {
    kind: 'Org',
    path: '/orgs/:orgId/serviceAccounts',
    params: { orgId: Type.String() },
    newBody: NewOrgAccount,
    changedBody: ChangedOrgAccount,
    reading: keepers,
    writing: keepers,
    keys: ({ caller }) => keyChanges.listAll(caller),
    rolesOf: ({ caller }, key) => [orgRoleOf(key, caller)],
    create: ({ caller }, { description, roles }, also) =>
      keyChanges.createAny(caller, { description, reach: toReach(roles as OrgRole[]) }, also),
    setRoles: async ({ caller }, key, roles) => {
      if (toReach(roles as OrgRole[]) !== toReach([orgRoleOf(key, caller)]))
        throw refusal('FEATURE_UNSUPPORTED', 'another reach for a service account that is there')
      return key
    },
    remove: ({ caller }, { id }) => keyChanges.revokeAny(caller, id),
  }
}
