import { Type } from 'typebox'
import { askedBy, carryOut, type NativeHttp, type RouteParts, readSignal, ref } from '../../context.ts'
import { fromSession, fromUserDone, SessionBody } from '../../wire/users.ts'
import { changed, KeyChangeQuery, KeyQuery, subjectOf, UserParams } from './subject.ts'

export const sessionSchemas = [SessionBody]

const tags = ['Users']

/** Who is in: live sessions of a login. */
export function sessionRoutes(http: NativeHttp, parts: RouteParts): void {
  const { users, userChanges } = parts.services

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
      const found = await users.sessions(request.caller, ...subjectOf(request), readSignal(request, parts))
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
      const prepared = await userChanges.endSessions(askedBy(request, parts), ...subjectOf(request))
      return carryOut(request, reply, 200, prepared, done => fromUserDone(done))
    },
  )
}
