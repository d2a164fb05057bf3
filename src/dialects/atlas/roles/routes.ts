import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import type { CustomRole as Custom } from '../../../services/project-users/roles/custom-role.ts'
import { ref } from '../../request.ts'
import { type AtlasHttp, type AtlasParts, askedOfMany } from '../context.ts'
import { Refusal, refusal } from '../refusals/refusal.ts'
import { absent } from '../requests/bodies.ts'
import { groupWith } from '../requests/places.ts'
import { GroupParams, Nothing } from '../wire/common.ts'
import { checkName, checkRole } from './rules.ts'
import {
  CustomRole,
  CustomRoleChange,
  CustomRoleList,
  fromCustomRole,
  NewCustomRole,
  type RoleBody,
  toCustomRole,
  UNSAID,
} from './wire.ts'

export const customRoleSchemas = [CustomRole, CustomRoleList]

const tags = ['Custom Database Roles']
const config = { bucket: 'customRoles' } as const
const RoleParams = Type.Object({
  groupId: Type.String({ description: '24 hex digits' }),
  roleName: Type.String(),
})

/** Roles that a project defines, on all of its clusters. */
export function customRoleRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const { customRoles } = parts.services
  const path = '/groups/:groupId/customDBRoles/roles'
  const reading = groupWith(parts, 'read')
  const { limits } = parts.rules

  async function all({ caller, projectId }: FastifyRequest): Promise<readonly RoleBody[]> {
    return (await customRoles.list(caller, projectId)).map(fromCustomRole)
  }

  http.get(
    path,
    {
      onRequest: reading,
      config,
      schema: {
        operationId: 'listCustomDatabaseRoles',
        tags,
        summary: 'Roles that the project defines, by creation',
        params: GroupParams,
        response: { 200: ref(CustomRoleList) },
      },
    },
    request => all(request),
  )

  http.post(
    path,
    {
      onRequest: groupWith(parts, 'create'),
      preValidation: absent(UNSAID),
      config,
      schema: {
        operationId: 'createCustomDatabaseRole',
        tags,
        summary: 'Define a role on every cluster, or on none',
        params: GroupParams,
        body: NewCustomRole,
        response: { 202: ref(CustomRole) },
      },
    },
    async (request, reply) => {
      const { roleName, actions = [], inheritedRoles = [] } = request.body
      const role = { roleName, actions, inheritedRoles }
      checkName(roleName)
      const others = await all(request)
      if (others.some(one => one.roleName === roleName))
        throw refusal('ATLAS_CUSTOM_ROLE_NAME_ALREADY_EXISTS', roleName)
      checkRole(role, others, parts.rules)
      const asked = askedOfMany(request, parts)
      const made = await customRoles
        .create(asked, request.projectId, toCustomRole(role))
        .catch(forRole(limits, roleName))
      return reply.code(202).send(fromCustomRole(made))
    },
  )

  http.get(
    `${path}/:roleName`,
    {
      onRequest: reading,
      config,
      schema: {
        operationId: 'getCustomDatabaseRole',
        tags,
        summary: 'One role',
        params: RoleParams,
        response: { 200: ref(CustomRole) },
      },
    },
    async request => one(await all(request), nameIn(request)),
  )

  http.patch(
    `${path}/:roleName`,
    {
      onRequest: groupWith(parts, 'update'),
      preValidation: absent(UNSAID),
      config,
      schema: {
        operationId: 'updateCustomDatabaseRole',
        tags,
        summary: 'Change what a role allows; what is left out, or null, stays',
        params: RoleParams,
        body: CustomRoleChange,
        response: { 200: ref(CustomRole) },
      },
    },
    async request => {
      const name = nameIn(request)
      const toNext = (roles: readonly Custom[]) => {
        const known = roles.map(fromCustomRole)
        const before = one(known, name)
        const { roleName = name, actions = before.actions, inheritedRoles = before.inheritedRoles } = request.body
        // A name is not changed.
        if (roleName !== name) throw refusal('INVALID_ATTRIBUTE', 'roleName')
        const role = { roleName, actions, inheritedRoles }
        const others = known.filter(other => other.roleName !== name)
        checkRole(role, others, parts.rules)
        return toCustomRole(role)
      }
      const asked = askedOfMany(request, parts)
      const changed = await customRoles.change(asked, request.projectId, name, toNext).catch(forRole(limits, name))
      return fromCustomRole(changed)
    },
  )

  http.delete(
    `${path}/:roleName`,
    {
      onRequest: groupWith(parts, 'delete'),
      config,
      schema: {
        operationId: 'deleteCustomDatabaseRole',
        tags,
        summary: 'Drop a role that nobody has',
        params: RoleParams,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const name = nameIn(request)
      await customRoles.drop(askedOfMany(request, parts), request.projectId, name).catch(forRole(limits, name))
      return reply.code(204).send()
    },
  )
}

const nameIn = ({ params }: FastifyRequest) => (params as { roleName: string }).roleName

function one(roles: readonly RoleBody[], name: string): RoleBody {
  const found = roles.find(({ roleName }) => roleName === name)
  if (!found) throw refusal('ATLAS_CUSTOM_ROLE_NOT_FOUND', name)
  return found
}

/** What the services refuse, in this API's words for roles. */
function forRole(limits: AtlasParts['rules']['limits'], name: string) {
  return (error: unknown): never => {
    if (!(error instanceof Fault)) throw error
    const { code, subject, details } = error
    if (details.instances) throw new Refusal('SERVICE_UNAVAILABLE', details.instances, { detail: error.message })
    if (subject !== 'role') throw error
    if (code === 'not_found') throw refusal('ATLAS_CUSTOM_ROLE_NOT_FOUND', name)
    if (code === 'exists') throw refusal('ATLAS_CUSTOM_ROLE_NAME_ALREADY_EXISTS', name)
    if (code === 'too_large') throw refusal('CUSTOM_ROLES_LIMIT_EXCEEDED', limits.customRoles)
    if (code === 'in_use' && details.counts?.roles) throw refusal('ATLAS_CUSTOM_ROLE_IN_USE_BY_ROLES', name)
    if (code === 'in_use') throw refusal('ATLAS_CUSTOM_ROLE_IN_USE_BY_USERS', name)
    throw error
  }
}
