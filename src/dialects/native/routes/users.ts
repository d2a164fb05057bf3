import { type Static, Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import type { OnOwned } from '../../../domain/policy.ts'
import { Secret } from '../../../domain/secret.ts'
import { askedBy, carryOut, type NativeHttp, type RouteParts, readSignal, ref } from '../context.ts'
import { handOver } from '../handing-over.ts'
import { ListQuery, listOf, sendList } from '../lists.ts'
import { ChangeQuery, Plan, VerifiedChangeQuery } from '../wire/common.ts'
import {
  DropQuery,
  fromGrants,
  fromSession,
  fromUser,
  fromUserDone,
  GrantPatch,
  GrantsBody,
  NewUserBody,
  ResetBody,
  SessionBody,
  toGrantChange,
  toNewUser,
  toUserKey,
  toUserWish,
  UserBody,
  UserChanged,
  UserPatch,
} from '../wire/users.ts'

export const userSchemas = [UserBody, UserChanged, GrantsBody, SessionBody, Plan]

const InstanceParams = Type.Object({ instance: Type.String() })
const UserParams = Type.Object({ instance: Type.String(), user: Type.String() })
const KeyQuery = Type.Object({ host: Type.Optional(Type.String()), authDatabase: Type.Optional(Type.String()) })
const KeyChangeQuery = Type.Object({ ...ChangeQuery.properties, ...KeyQuery.properties })
const KeyVerifiedQuery = Type.Object({ ...VerifiedChangeQuery.properties, ...KeyQuery.properties })
const changed = { 200: Type.Union([ref(UserChanged), ref(Plan)]) }

/** Logins on the real engine. */
export function userRoutes(http: NativeHttp, parts: RouteParts): void {
  const { users, userChanges } = parts.services
  const tags = ['Users']

  http.get(
    '/instances/:instance/users',
    {
      schema: {
        operationId: 'listUsers',
        tags,
        summary: 'Logins of a server, by name',
        params: InstanceParams,
        querystring: ListQuery,
        response: { 200: listOf(ref(UserBody)) },
      },
    },
    (request, reply) => {
      const signal = readSignal(request, parts)
      return sendList(
        request,
        reply,
        page => users.list(request.caller, request.params.instance, page, signal),
        user => fromUser(user),
      )
    },
  )

  http.post(
    '/instances/:instance/users',
    {
      schema: {
        operationId: 'createUser',
        tags,
        summary: 'Make a login',
        params: InstanceParams,
        querystring: VerifiedChangeQuery,
        body: NewUserBody,
        response: { 200: ref(Plan), 201: ref(UserChanged) },
      },
    },
    async (request, reply) => {
      const wish = toNewUser(request.body)
      const prepared = await userChanges.create(askedBy(request, parts), request.params.instance, wish)
      return carryOut(request, reply, 201, prepared, done => handOver(parts, request, done, wish.password))
    },
  )

  http.get(
    '/instances/:instance/users/:user',
    {
      schema: {
        operationId: 'getUser',
        tags,
        summary: 'One login',
        params: UserParams,
        querystring: KeyQuery,
        response: { 200: ref(UserBody) },
      },
    },
    async request =>
      fromUser(
        await users.get(
          request.caller,
          request.params.instance,
          toUserKey(request.params.user, request.query),
          readSignal(request, parts),
        ),
      ),
  )

  http.patch(
    '/instances/:instance/users/:user',
    {
      schema: {
        operationId: 'changeUser',
        tags,
        summary: 'Change settings, engine roles, its end, labels, description',
        params: UserParams,
        querystring: KeyChangeQuery,
        body: UserPatch,
        response: changed,
      },
    },
    async (request, reply) => {
      const key = toUserKey(request.params.user, request.query)
      const prepared = await userChanges.change(
        askedBy(request, parts),
        request.params.instance,
        key,
        toUserWish(request.body),
      )
      return carryOut(request, reply, 200, prepared, done => fromUserDone(done))
    },
  )

  http.delete(
    '/instances/:instance/users/:user',
    {
      schema: {
        operationId: 'dropUser',
        tags,
        summary: 'Drop it, over all databases of the server',
        params: UserParams,
        querystring: DropQuery,
        response: { 200: Type.Union([ref(Plan), Type.Object({ operation: Type.String() })]) },
      },
    },
    async (request, reply) => {
      const key = toUserKey(request.params.user, request.query)
      const prepared = await userChanges.drop(
        askedBy(request, parts),
        request.params.instance,
        key,
        request.query.onOwned as OnOwned | undefined,
      )
      return carryOut(request, reply, 200, prepared, ({ operationId }) => ({ operation: operationId }))
    },
  )

  http.post(
    '/instances/:instance/users/:user/reset',
    {
      schema: {
        operationId: 'resetUser',
        tags,
        summary: 'Give it a new password',
        params: UserParams,
        querystring: KeyVerifiedQuery,
        body: Type.Optional(ResetBody),
        response: changed,
      },
    },
    async (request, reply) => {
      const { password, authPlugin, retireAfterSeconds } = (request.body ?? {}) as Static<typeof ResetBody>
      if (retireAfterSeconds)
        throw new Fault('unsupported', 'user', 'This engine keeps one password per login; leave retireAfterSeconds out')
      const chosen = password === undefined ? undefined : new Secret(password)
      const prepared = await userChanges.reset(
        askedBy(request, parts),
        request.params.instance,
        toUserKey(request.params.user, request.query),
        chosen,
        authPlugin,
      )
      return carryOut(request, reply, 200, prepared, done => handOver(parts, request, done, chosen))
    },
  )

  for (const verb of ['lock', 'unlock'] as const) {
    http.post(
      `/instances/:instance/users/:user/${verb}`,
      {
        schema: {
          operationId: `${verb}User`,
          tags,
          summary: verb === 'lock' ? 'Shut it out, and end its sessions' : 'Let it in again',
          params: UserParams,
          querystring: KeyChangeQuery,
          response: changed,
        },
      },
      async (request, reply) => {
        const prepared = await userChanges[verb](
          askedBy(request, parts),
          request.params.instance,
          toUserKey(request.params.user, request.query),
        )
        return carryOut(request, reply, 200, prepared, done => fromUserDone(done))
      },
    )
  }

  http.get(
    '/instances/:instance/users/:user/sessions',
    {
      schema: {
        operationId: 'listSessions',
        tags,
        summary: 'Its live sessions',
        params: UserParams,
        querystring: KeyQuery,
        response: { 200: Type.Object({ items: Type.Array(ref(SessionBody)) }) },
      },
    },
    async request => {
      const found = await users.sessions(
        request.caller,
        request.params.instance,
        toUserKey(request.params.user, request.query),
        readSignal(request, parts),
      )
      return { items: found.map(fromSession) }
    },
  )

  http.delete(
    '/instances/:instance/users/:user/sessions',
    {
      schema: {
        operationId: 'endSessions',
        tags,
        summary: 'End its sessions',
        params: UserParams,
        querystring: KeyChangeQuery,
        response: changed,
      },
    },
    async (request, reply) => {
      const prepared = await userChanges.endSessions(
        askedBy(request, parts),
        request.params.instance,
        toUserKey(request.params.user, request.query),
      )
      return carryOut(request, reply, 200, prepared, done => fromUserDone(done))
    },
  )

  http.get(
    '/instances/:instance/users/:user/grants',
    {
      schema: {
        operationId: 'listGrants',
        tags,
        summary: 'What it may do, whoever granted it',
        params: UserParams,
        querystring: KeyQuery,
        response: { 200: ref(GrantsBody) },
      },
    },
    async request =>
      fromGrants(
        await users.grants(
          request.caller,
          request.params.instance,
          toUserKey(request.params.user, request.query),
          readSignal(request, parts),
        ),
      ),
  )

  http.patch(
    '/instances/:instance/users/:user/grants',
    {
      schema: {
        operationId: 'changeGrants',
        tags,
        summary: 'Add and remove grants',
        params: UserParams,
        querystring: KeyChangeQuery,
        body: GrantPatch,
        response: changed,
      },
    },
    async (request, reply) => {
      const prepared = await userChanges.grant(
        askedBy(request, parts),
        request.params.instance,
        toUserKey(request.params.user, request.query),
        toGrantChange(request.body),
      )
      return carryOut(request, reply, 200, prepared, done => fromUserDone(done))
    },
  )
}
