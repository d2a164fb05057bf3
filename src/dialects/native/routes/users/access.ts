import { type Static, Type } from 'typebox'
import { Fault } from '../../../../domain/fault.ts'
import { Secret } from '../../../../domain/secret.ts'
import { askedBy, carryOut, type NativeHttp, type RouteParts } from '../../context.ts'
import { handOver } from '../../handing-over.ts'
import { fromUserDone, ResetBody } from '../../wire/users.ts'
import { changed, KeyChangeQuery, KeyVerifiedQuery, subjectOf, UserParams } from './subject.ts'

const tags = ['Users']

/** Who gets in: passwords, and locks. */
export function userAccessRoutes(http: NativeHttp, parts: RouteParts): void {
  const { userChanges } = parts.services

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
      const prepared = await userChanges.reset(askedBy(request, parts), ...subjectOf(request), chosen, authPlugin)
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
        const prepared = await userChanges[verb](askedBy(request, parts), ...subjectOf(request))
        return carryOut(request, reply, 200, prepared, done => fromUserDone(done))
      },
    )
  }
}
