import { Type } from 'typebox'
import { type Grant, sameGrant } from '../../../domain/users/grant.ts'
import { ref } from '../../request.ts'
import { askedBy, type TroveHttp, type TroveParts } from '../context.ts'
import { isReserved } from '../datastores/datastores.ts'
import { both } from '../document.ts'
import { type UserPlace, userPlaceAt } from '../instances/place.ts'
import { checkGrantable, noDatabase } from '../users/databases.ts'
import { strictReadingsOf } from '../users/user-segment.ts'
import { databaseIn, databasesOf, reachOf, type UserFound, userAt } from '../users/users.ts'
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
        return { databases: databasesOf(place.datastore, [...reachOf(user.user), ...(await grantsOf(place, user))]) }
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
      await revoke(place, user, request.params.databaseName)
      return reply.code(202).send()
    },
  )

  async function grantsOf({ request, datastore, id, signal }: UserPlace, { as, user }: UserFound) {
    const { grants } = await users.grants(request.caller, id, datastore.keyOf(as), signal)
    return [...user.grants, ...grants]
  }

  /** All that it has on the database. Roles that no grant tells of go by setting the others. */
  async function revoke(place: UserPlace, user: UserFound, segment: string): Promise<void> {
    const all = await grantsOf(place, user)
    const { roles, engineRoles } = user.user
    const database = databaseWith(place, [...all, ...reachOf({ grants: [], roles })], segment)
    const [key, asked] = [place.datastore.keyOf(user.as), askedBy(place.request, parts)]
    const left = roles ? engineRoles.filter(role => databaseIn(role) !== database) : engineRoles
    const prepared =
      left.length < engineRoles.length
        ? userChanges.change(asked, place.id, key, {
            engineRoles: left,
            grants: distinct(all, one => one !== database),
          })
        : userChanges.grant(asked, place.id, key, { add: [], remove: distinct(all, one => one === database) })
    await (await prepared).run()
  }

  function databaseWith({ datastore }: UserPlace, reach: readonly { readonly database: string }[], segment: string) {
    const isOne = (name: string) =>
      !isReserved(name, datastore.reservedDatabases) && reach.some(({ database }) => database === name)
    const name = strictReadingsOf(segment).find(isOne)
    if (name === undefined) throw noDatabase(segment)
    return name
  }
}

/** Each once, of the databases that fit. */
function distinct(grants: readonly Grant[], fits: (database: string) => boolean): readonly Grant[] {
  const some = grants.filter(({ database }) => fits(database)).map(({ role, database }) => ({ role, database }))
  return some.filter((one, at) => some.findIndex(other => sameGrant(one, other)) === at)
}
