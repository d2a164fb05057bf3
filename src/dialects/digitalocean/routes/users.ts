import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { recalled, type UserShown } from '../../../services/users/user-view.ts'
import type { RouteParts } from '../../request.ts'
import { type DigitalOceanHttp, readSignal } from '../context.ts'
import { wordsOf } from '../engine-words.ts'
import { checkNewName } from '../names.ts'
import { clusterWith, having } from '../subject.ts'
import { createAccounts } from '../users/accounts.ts'
import { userMade } from '../users/outcome.ts'
import { allOf } from '../whole.ts'
import { PageQuery, wholeList } from '../wire/common.ts'
import { changeRefusals, readRefusals } from '../wire/errors.ts'
import { checkOptions } from '../wire/users/options.ts'
import {
  fromUser,
  NewUserBody,
  ResetBody,
  SingleUser,
  tellingOfNew,
  UserList,
  UserPatch,
  type UserSight,
  userSchemas,
  usersIn,
} from '../wire/users/users.ts'

export { userSchemas }

const ClusterParams = Type.Object({ id: Type.String() })
const UserParams = Type.Object({ id: Type.String(), username: Type.String() })
const NoContent = Type.Null({ description: 'Done' })

/** Logins on a cluster. */
export function userRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  const { services } = parts
  const { users, links } = services
  const accounts = createAccounts(services)
  const tags = ['Users']
  const on = (right: Parameters<typeof clusterWith>[1]) => [clusterWith(parts, right), having(parts, 'users')]

  /** Asked first: until somebody has been there, nobody knows which login manages. */
  async function sightOn(request: FastifyRequest): Promise<UserSight> {
    const { username: primary } = await links.manager(request.cluster.instance, request.deadline)
    return { able: accounts.ableOn(request), primary }
  }

  /** With its password, if that is kept and the caller may read it. */
  function shown({ caller, cluster }: FastifyRequest, sight: UserSight) {
    return (all: readonly UserShown[]) => fromUser(all, sight, recalled(caller, all[0]!, cluster.policy))
  }

  http.get(
    '/databases/:id/users',
    {
      schema: {
        operationId: 'databases_list_users',
        tags,
        summary: 'Logins of a cluster, the primary one first, then by name',
        params: ClusterParams,
        querystring: PageQuery,
        response: { 200: UserList, ...readRefusals },
      },
      onRequest: on('read'),
    },
    async request => {
      const sight = await sightOn(request)
      const signal = readSignal(request)
      const all = await allOf(page => users.list(request.caller, request.params.id, page, signal))
      return wholeList('users', usersIn(all, sight.primary).map(shown(request, sight)), request.query)
    },
  )

  http.post(
    '/databases/:id/users',
    {
      schema: {
        operationId: 'databases_add_user',
        tags,
        summary: 'Make a login; its password is made here',
        params: ClusterParams,
        body: NewUserBody,
        response: { 201: SingleUser, ...changeRefusals },
      },
      config: { replayed: true },
      onRequest: on('create'),
    },
    async (request, reply) => {
      const { body, cluster } = request
      const able = accounts.ableOn(request)
      checkNewName('user', body.name, able.userNames, wordsOf(cluster.instance).reserved)
      checkOptions(body, able)
      const sight = { ...(await sightOn(request)), telling: tellingOfNew(body) }
      const made = await userMade(services, request, () => accounts.add(request, body.name, body))
      return reply.code(201).send({ user: fromUser(made.accounts, sight, made.password) })
    },
  )

  http.get(
    '/databases/:id/users/:username',
    {
      schema: {
        operationId: 'databases_get_user',
        tags,
        summary: 'One login',
        params: UserParams,
        response: { 200: SingleUser, ...readRefusals },
      },
      onRequest: on('read'),
    },
    async request => {
      const sight = await sightOn(request)
      const found = await accounts.find(request, request.params.username, 'read', readSignal(request))
      return { user: shown(request, sight)(found) }
    },
  )

  http.put(
    '/databases/:id/users/:username',
    {
      schema: {
        operationId: 'databases_update_user',
        tags,
        summary: 'Change its settings; nothing else changes',
        params: UserParams,
        body: UserPatch,
        response: { 201: SingleUser, ...changeRefusals },
      },
      onRequest: on('update'),
    },
    async (request, reply) => {
      const { settings } = request.body
      checkOptions({ settings }, accounts.ableOn(request))
      const sight = { ...(await sightOn(request)), telling: 'always' } as const
      const changed = await accounts.change(request, request.params.username, { settings })
      return reply.code(201).send({ user: fromUser(changed, sight) })
    },
  )

  http.delete(
    '/databases/:id/users/:username',
    {
      schema: {
        operationId: 'databases_delete_user',
        tags,
        summary: 'Drop it, and end its sessions',
        params: UserParams,
        response: { 204: NoContent, ...changeRefusals },
      },
      onRequest: on('delete'),
    },
    async (request, reply) => {
      await accounts.drop(request, request.params.username)
      return reply.code(204).send()
    },
  )

  http.post(
    '/databases/:id/users/:username/reset_auth',
    {
      schema: {
        operationId: 'databases_reset_auth',
        tags,
        summary: 'Give it a new password; the old one is refused from then on',
        params: UserParams,
        body: ResetBody,
        response: { 200: SingleUser, ...changeRefusals },
      },
      config: { replayed: true },
      onRequest: on('update'),
    },
    async request => {
      const { mysql_settings } = request.body
      checkOptions({ mysql_settings }, accounts.ableOn(request))
      const sight = await sightOn(request)
      const made = await userMade(services, request, () =>
        accounts.reset(request, request.params.username, { mysql_settings }),
      )
      return { user: fromUser(made.accounts, sight, made.password) }
    },
  )
}
