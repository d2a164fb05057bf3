import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { recalled } from '../../../services/users/user-view.ts'
import type { RouteParts } from '../../request.ts'
import { askedBy, type DigitalOceanHttp, readSignal } from '../context.ts'
import { wordsOf } from '../engine-words.ts'
import { checkNewName } from '../names.ts'
import { userMade } from '../outcome.ts'
import { clusterWith, having } from '../subject.ts'
import { allOf } from '../whole.ts'
import { PageQuery, wholeList } from '../wire/common.ts'
import { changeRefusals, readRefusals } from '../wire/errors.ts'
import { checkOptions, toSettings } from '../wire/user-options.ts'
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
} from '../wire/users.ts'

export { userSchemas }

const ClusterParams = Type.Object({ id: Type.String() })
const UserParams = Type.Object({ id: Type.String(), username: Type.String() })
const NoContent = Type.Null({ description: 'Done' })

/** Logins on a cluster. */
export function userRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  const { services } = parts
  const { users, userChanges, links, engines } = services
  const tags = ['Users']
  const on = (right: Parameters<typeof clusterWith>[1]) => [clusterWith(parts, right), having(parts, 'users')]

  const ableOn = ({ cluster }: FastifyRequest) => engines.get(cluster.instance.engine).about.capabilities

  /** Asked first: until somebody has been there, nobody knows which login manages. */
  async function sightOn(request: FastifyRequest): Promise<UserSight> {
    const { username: primary } = await links.manager(request.cluster.instance, request.deadline)
    return { able: ableOn(request), primary }
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
      const { caller, cluster, params } = request
      const sight = await sightOn(request)
      const signal = readSignal(request)
      const all = await allOf(page => users.list(caller, params.id, page, signal))
      const isPrimary = all.findIndex(({ user }) => user.name === sight.primary)
      const ordered = isPrimary < 0 ? all : [all[isPrimary]!, ...all.slice(0, isPrimary), ...all.slice(isPrimary + 1)]
      const toWire = (one: (typeof all)[number]) => fromUser(one, sight, recalled(caller, one, cluster.policy))
      return wholeList('users', ordered.map(toWire), request.query)
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
      const { body, cluster, params } = request
      const able = ableOn(request)
      checkNewName('user', body.name, able.userNames, wordsOf(cluster.instance).reserved)
      checkOptions(body, able)
      const sight = await sightOn(request)
      const wish = { name: body.name, grants: [], engineRoles: [], settings: toSettings(body, able) }
      const made = await userMade(services, request, () => userChanges.create(askedBy(request), params.id, wish))
      const user = fromUser(made.shown, { ...sight, telling: tellingOfNew(body) }, made.password)
      return reply.code(201).send({ user })
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
      const { caller, cluster, params } = request
      const sight = await sightOn(request)
      const shown = await users.get(caller, params.id, { name: params.username }, readSignal(request))
      return { user: fromUser(shown, sight, recalled(caller, shown, cluster.policy)) }
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
      const { body, params } = request
      const able = ableOn(request)
      checkOptions(body, able)
      const sight = await sightOn(request)
      const wish = body.settings ? { settings: toSettings(body, able) } : {}
      const key = { name: params.username }
      const { shown } = await userMade(services, request, () =>
        userChanges.change(askedBy(request), params.id, key, wish),
      )
      return reply.code(201).send({ user: fromUser(shown, { ...sight, telling: 'always' }) })
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
      const { id, username } = request.params
      await (await userChanges.drop(askedBy(request), id, { name: username })).run()
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
      const { body, params } = request
      checkOptions({ mysql_settings: body.mysql_settings }, ableOn(request))
      const sight = await sightOn(request)
      const key = { name: params.username }
      const made = await userMade(services, request, () => userChanges.reset(askedBy(request), params.id, key))
      return { user: fromUser(made.shown, sight, made.password) }
    },
  )
}
