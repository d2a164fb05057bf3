import { Type } from 'typebox'
import type { OnOwned } from '../../../../domain/servers/policy.ts'
import { askedBy, carryOut, type NativeHttp, type RouteParts, readSignal, ref } from '../../context.ts'
import { handOver } from '../../handing-over.ts'
import { ListQuery, listOf, sendList } from '../../lists.ts'
import { Plan, VerifiedChangeQuery } from '../../wire/common.ts'
import {
  DropQuery,
  fromUser,
  fromUserDone,
  NewUserBody,
  toNewUser,
  toUserWish,
  UserBody,
  UserChanged,
  UserPatch,
} from '../../wire/users.ts'
import { changed, KeyChangeQuery, KeyQuery, subjectOf, UserParams } from './subject.ts'

const InstanceParams = Type.Object({ instance: Type.String() })

export const userSchemas = [UserBody, UserChanged, Plan]

const tags = ['Users']

/** Logins on the real engine: the roll, and each of them. */
export function userRoutes(http: NativeHttp, parts: RouteParts): void {
  const { users, userChanges } = parts.services

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
    async request => fromUser(await users.get(request.caller, ...subjectOf(request), readSignal(request, parts))),
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
      const prepared = await userChanges.change(
        askedBy(request, parts),
        ...subjectOf(request),
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
      const prepared = await userChanges.drop(
        askedBy(request, parts),
        ...subjectOf(request),
        request.query.onOwned as OnOwned | undefined,
      )
      return carryOut(request, reply, 200, prepared, ({ operationId }) => ({ operation: operationId }))
    },
  )
}
