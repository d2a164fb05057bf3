import { Type } from 'typebox'
import { ref } from '../../request.ts'
import { askedBy, type TroveHttp, type TroveParts } from '../context.ts'
import { isReserved } from '../datastores/datastores.ts'
import { both } from '../document.ts'
import { type UserPlace, userPlaceAt } from '../instances/place.ts'
import { checkGrantable, noDatabase } from '../users/databases.ts'
import { strictReadingsOf } from '../users/user-segment.ts'
import { databasesOf, type UserFound, userAt } from '../users/users.ts'
import { Nothing, UserParams } from '../wire/common.ts'
import { DatabaseList, GrantBody, toGrant } from '../wire/databases.ts'
import { withSuffixes } from './route.ts'

const tags = ['Users']
const done = { 202: { description: 'Done', ...Nothing } }

/** What a user may get at. */
export function accessRoutes(http: TroveHttp, parts: TroveParts): void {
  const { users, userChanges } = parts.services
  const base = '/:accountId/instances/:instanceId/users/:name/databases'

  for (const { path, hide } of withSuffixes(base)) {
    http.get(
      path,
      {
        schema: {
          operationId: 'listUserAccess',
          tags,
          hide,
          summary: 'Databases that a user has access to',
          params: UserParams,
          response: { 200: both(ref(DatabaseList), 'Its databases') },
        },
      },
      async request => {
        const place = await userPlaceAt(parts, request, 'read')
        const user = await userAt(place, request.params.name, 'show')
        return { databases: databasesOf(place.datastore, await grantsOf(place, user)) }
      },
    )

    http.put(
      path,
      {
        schema: {
          operationId: 'grantUserAccess',
          tags,
          hide,
          consumes: ['application/json', 'application/xml'],
          summary: 'Let a user do everything in databases',
          params: UserParams,
          body: GrantBody,
          response: done,
        },
      },
      async (request, reply) => {
        const place = await userPlaceAt(parts, request, 'update')
        const { as } = await userAt(place, request.params.name, 'update')
        const add = request.body.databases.map(one => toGrant(place.datastore, one))
        await checkGrantable(
          place,
          add.map(({ database }) => database),
        )
        const [key, asked] = [place.datastore.keyOf(as), askedBy(request, parts)]
        const ahead = !place.datastore.grantsNeedDatabases
        if (add.length > 0) await (await userChanges.grant(asked, place.id, key, { add, remove: [] }, ahead)).run()
        return reply.code(202).send()
      },
    )
  }

  http.delete(
    `${base}/:databaseName`,
    {
      schema: {
        operationId: 'revokeUserAccess',
        tags,
        summary: 'Take a user’s access to a database away',
        params: Type.Object({ ...UserParams.properties, databaseName: Type.String() }),
        response: done,
      },
    },
    async (request, reply) => {
      const place = await userPlaceAt(parts, request, 'update')
      const user = await userAt(place, request.params.name, 'update')
      const remove = await grantsOn(place, user, request.params.databaseName)
      const [key, asked] = [place.datastore.keyOf(user.as), askedBy(request, parts)]
      await (await userChanges.grant(asked, place.id, key, { add: [], remove })).run()
      return reply.code(202).send()
    },
  )

  async function grantsOf({ request, datastore, id, signal }: UserPlace, { as, user }: UserFound) {
    const { grants } = await users.grants(request.caller, id, datastore.keyOf(as), signal)
    return [...user.grants, ...grants]
  }

  /** All that it has on the database. */
  async function grantsOn(place: UserPlace, user: UserFound, segment: string) {
    const all = await grantsOf(place, user)
    for (const name of strictReadingsOf(segment)) {
      if (isReserved(name, place.datastore.reservedDatabases)) continue
      const roles = new Set(all.filter(({ database }) => database === name).map(({ role }) => role))
      if (roles.size > 0) return [...roles].map(role => ({ role, database: name }))
    }
    throw noDatabase(segment)
  }
}
