import type { FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { UserKey } from '../../../domain/users/user.ts'
import type { ProjectUser } from '../../../services/project-users/project-user.ts'
import { ref } from '../../request.ts'
import { type AtlasHttp, type AtlasParts, askedBy, askedOfMany } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'
import { pathOf, segmentOf, selfLink } from '../requests/addresses.ts'
import { absent } from '../requests/bodies.ts'
import { listBody, listPageIn } from '../requests/pages.ts'
import { groupWith } from '../requests/places.ts'
import { GroupParams, Nothing } from '../wire/common.ts'
import { checkNoCertificates } from './certificates.ts'
import { forUser } from './faults.ts'
import { toRoles } from './role-names.ts'
import { checkNew, checkPasswordOf, checkSame, EXTERNAL } from './rules.ts'
import {
  DatabaseUser,
  DatabaseUserChange,
  DatabaseUserList,
  fromUser,
  NewDatabaseUser,
  rolesIn,
  toChange,
  toNewUser,
  UNSAID,
  type UserBody,
} from './wire.ts'

export const databaseUserSchemas = [DatabaseUser, DatabaseUserList]

const tags = ['Database Users']
const config = { bucket: 'databaseUsers' } as const
const UserParams = Type.Object({
  groupId: Type.String({ description: '24 hex digits' }),
  databaseName: Type.String({ description: '`admin` or `$external`' }),
  username: Type.String({ description: 'A slash in it as `%2F`' }),
})

/** Users of a project's databases, on all of its clusters or on some. */
export function databaseUserRoutes(http: AtlasHttp, parts: AtlasParts): void {
  const { projectUsers, projectUserChanges, customRoles } = parts.services
  const path = '/groups/:groupId/databaseUsers'
  const reading = groupWith(parts, 'read')

  async function customOf({ caller, projectId }: FastifyRequest): Promise<ReadonlySet<string>> {
    return new Set((await customRoles.list(caller, projectId)).map(({ name }) => name))
  }

  function shown(request: FastifyRequest, user: ProjectUser, custom: ReadonlySet<string>) {
    const { projectId } = request
    const { name, authDatabase = 'admin' } = user.key
    const place = `/groups/${projectId}/databaseUsers/${segmentOf(authDatabase)}/${segmentOf(name)}`
    return { ...fromUser(user, projectId, custom), links: [selfLink(request, parts, place)] }
  }

  http.get(
    path,
    {
      onRequest: reading,
      config: { ...config, paged: true },
      schema: {
        operationId: 'listDatabaseUsers',
        tags,
        summary: 'Users of the project, by creation, then those that others made',
        params: GroupParams,
        response: { 200: ref(DatabaseUserList) },
      },
    },
    async (request, reply) => {
      const page = listPageIn(request)
      const { signal } = askedBy(request, parts)
      const cut = { skip: page.skip, limit: page.itemsPerPage }
      const found = await projectUsers.list(request.caller, request.projectId, cut, signal)
      const custom = await customOf(request)
      if (found.unreachable.length > 0) reply.header('rolecall-unreachable', found.unreachable.join(','))
      const items = found.items.map(user => shown(request, user, custom))
      return listBody(parts, request, page, { items, total: found.total })
    },
  )

  http.post(
    path,
    {
      onRequest: groupWith(parts, 'create'),
      preValidation: absent(UNSAID),
      config,
      schema: {
        operationId: 'createDatabaseUser',
        tags,
        summary: 'Make a user on every cluster of its scopes, or on none',
        params: GroupParams,
        body: NewDatabaseUser,
        response: { 201: ref(DatabaseUser) },
      },
    },
    async (request, reply) => {
      const { body, projectId } = request
      if (!body.roles || body.roles.length === 0) throw refusal('MISSING_ATTRIBUTE', 'roles')
      checkNew(body)
      const custom = await customOf(request)
      const wish = toNewUser(body, toRoles(rolesIn(body.roles), custom, parts.rules.limits.collectionRoles))
      const asked = askedOfMany(request, parts)
      const user = await projectUserChanges
        .create(asked, projectId, wish)
        .catch(forUser(parts.rules, projectId, body.username))
      return reply.code(201).send(shown(request, user, custom))
    },
  )

  const one = {
    get: async (request: FastifyRequest) => {
      await checkNoCertificates(parts, request)
      const key = keyIn(request)
      const { signal } = askedBy(request, parts)
      const user = await projectUsers
        .get(request.caller, request.projectId, key, signal)
        .catch(forUser(parts.rules, request.projectId, key.name))
      return shown(request, user, await customOf(request))
    },
    patch: async (request: FastifyRequest) => {
      const { projectId } = request
      const body = request.body as UserBody
      const key = keyIn(request)
      checkSame(body, key.authDatabase!, key.name)
      checkPasswordOf(body, key.authDatabase!, key.name)
      const custom = await customOf(request)
      const roles = body.roles && toRoles(rolesIn(body.roles), custom, parts.rules.limits.collectionRoles)
      const inWords = forUser(parts.rules, projectId, key.name)
      const asked = askedOfMany(request, parts)
      const before = await projectUserChanges.before(asked, projectId, key).catch(inWords)
      const wish = toChange(body, roles, before)
      if (Object.values(wish).every(value => value === undefined)) return shown(request, before, custom)
      const user = await projectUserChanges.change(asked, projectId, key, wish).catch(inWords)
      return shown(request, user, custom)
    },
    delete: async (request: FastifyRequest, reply: FastifyReply) => {
      const key = keyIn(request, 'USER_NOT_FOUND')
      const asked = askedOfMany(request, parts)
      const isFine = (error: unknown) =>
        parts.rules.deleteMissing === '204' && (error as { code?: unknown }).code === 'USER_NOT_FOUND'
      await projectUserChanges
        .drop(asked, request.projectId, key)
        .catch(forUser(parts.rules, request.projectId, key.name, 'USER_NOT_FOUND'))
        .catch((error: unknown) => {
          if (!isFine(error)) throw error
        })
      return reply.code(204).send()
    },
  }

  for (const at of placesOf(`${path}/:databaseName/:username`, parts)) {
    http.get(
      at,
      {
        onRequest: reading,
        config,
        schema: {
          ...named(at, 'getDatabaseUser'),
          tags,
          summary: 'One user',
          params: UserParams,
          response: { 200: ref(DatabaseUser) },
        },
      },
      one.get,
    )

    http.patch(
      at,
      {
        onRequest: groupWith(parts, 'update'),
        preValidation: absent(UNSAID),
        config,
        schema: {
          ...named(at, 'updateDatabaseUser'),
          tags,
          summary: 'Change a user; what is left out, or null, stays',
          params: UserParams,
          body: DatabaseUserChange,
          response: { 200: ref(DatabaseUser) },
        },
      },
      one.patch,
    )

    http.delete(
      at,
      {
        onRequest: groupWith(parts, 'delete'),
        config,
        schema: {
          ...named(at, 'deleteDatabaseUser'),
          tags,
          summary: 'Drop a user on every cluster that can be reached; the rest follows',
          params: UserParams,
          response: { 204: Nothing },
        },
      },
      one.delete,
    )
  }
}

/** Some clients send a slash in a username as it is: then it looks like more segments. */
const MORE = ['', '/:more1', '/:more1/:more2', '/:more1/:more2/:more3']

function placesOf(path: string, { rules }: AtlasParts): readonly string[] {
  return MORE.slice(0, rules.joinUsernameSegments ? MORE.length : 1).map(more => `${path}${more}`)
}

/** The document has each operation once. */
function named(at: string, operationId: string) {
  return at.includes(':more') ? { hide: true } : { operationId }
}

/** Only two databases have users here. */
function keyIn(
  request: FastifyRequest,
  missing: 'USERNAME_NOT_FOUND' | 'USER_NOT_FOUND' = 'USERNAME_NOT_FOUND',
): UserKey {
  const { databaseName, username: first, more1, more2, more3 } = request.params as Record<string, string>
  const username = [first, more1, more2, more3].filter(part => part !== undefined).join('/')
  if (databaseName !== 'admin' && databaseName !== EXTERNAL) throw refusal(missing, username)
  if (username === '') throw refusal('RESOURCE_NOT_FOUND', pathOf(request))
  return { name: username, authDatabase: databaseName }
}
