import { askedBy, carryOut, type NativeHttp, type RouteParts, readSignal, ref } from '../../context.ts'
import { fromGrants, fromUserDone, GrantPatch, GrantsBody, toGrantChange } from '../../wire/users.ts'
import { changed, KeyChangeQuery, KeyQuery, subjectOf, UserParams } from './subject.ts'

export const grantSchemas = [GrantsBody]

const tags = ['Users']

/** What a login may do. */
export function grantRoutes(http: NativeHttp, parts: RouteParts): void {
  const { users, userChanges } = parts.services

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
    async request => fromGrants(await users.grants(request.caller, ...subjectOf(request), readSignal(request, parts))),
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
        ...subjectOf(request),
        toGrantChange(request.body),
      )
      return carryOut(request, reply, 200, prepared, done => fromUserDone(done))
    },
  )
}
