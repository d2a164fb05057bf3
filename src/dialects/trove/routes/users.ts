import type { Static } from 'typebox'
import { Secret } from '../../../domain/secret.ts'
import { ref } from '../../request.ts'
import { askedBy, type TroveHttp, type TroveParts } from '../context.ts'
import { both } from '../document.ts'
import { type UserPlace, userPlaceAt } from '../instances/place.ts'
import { badRequest, orTaken } from '../refusals/refusal.ts'
import { nextLinks, pageBody, wantedIn } from '../requests/pages.ts'
import { checkGrantable } from '../users/databases.ts'
import { type UserName, userKey } from '../users/user-segment.ts'
import {
  checkNotReserved,
  databasesOf,
  findUser,
  listUsers,
  noUser,
  reachOf,
  userAt,
  userExists,
} from '../users/users.ts'
import { InstanceParams, Nothing, PageQuery, UserParams } from '../wire/common.ts'
import {
  ChangePasswords,
  ChangeUser,
  CreateUsers,
  checkDistinctUsers,
  checkUserFields,
  nameIn,
  OneUser,
  toNewUser,
  UserList,
} from '../wire/users.ts'
import { withSuffixes } from './route.ts'

export const userSchemas = [UserList, OneUser]

const tags = ['Users']
const consumes = ['application/json', 'application/xml']
const done = { 202: { description: 'Done', ...Nothing } }

/** Users of an instance. */
export function userRoutes(http: TroveHttp, parts: TroveParts): void {
  const { users, userChanges } = parts.services

  for (const { path, hide } of withSuffixes('/:accountId/instances/:instanceId/users')) {
    http.get(
      path,
      {
        schema: {
          operationId: 'listUsers',
          tags,
          hide,
          summary: 'Users of an instance, by name',
          params: InstanceParams,
          querystring: PageQuery,
          response: { 200: both(ref(UserList), 'A page of users') },
        },
      },
      async request => {
        const wanted = wantedIn(request, parts.wishes.page.users)
        const place = await userPlaceAt(parts, request, 'read')
        const { users: items, more } = await listUsers(place, wanted)
        return pageBody(
          parts,
          request,
          'users',
          items,
          nextLinks(parts, request, more ? userKey(items.at(-1)!) : undefined),
        )
      },
    )

    http.post(
      path,
      {
        schema: {
          operationId: 'createUsers',
          tags,
          hide,
          consumes,
          summary: 'Make users: all of them, or none',
          params: InstanceParams,
          body: CreateUsers,
          response: done,
        },
      },
      async (request, reply) => {
        checkDistinctUsers(request.body.users)
        const place = await userPlaceAt(parts, request, 'create')
        await createUsers(place, request.body.users)
        return reply.code(202).send()
      },
    )

    http.put(
      path,
      {
        schema: {
          operationId: 'changePasswords',
          tags,
          hide,
          consumes,
          summary: 'Change passwords: all of them, or none',
          params: InstanceParams,
          body: ChangePasswords,
          response: done,
        },
      },
      async (request, reply) => {
        const place = await userPlaceAt(parts, request, 'update')
        await changePasswords(place, request.body.users)
        return reply.code(202).send()
      },
    )
  }

  const path = '/:accountId/instances/:instanceId/users/:name'

  http.get(
    path,
    {
      schema: {
        operationId: 'getUser',
        tags,
        summary: 'One user',
        params: UserParams,
        response: { 200: both(ref(OneUser), 'The user') },
      },
    },
    async request => {
      const place = await userPlaceAt(parts, request, 'read')
      const { as, user } = await userAt(place, request.params.name, 'show')
      const key = place.datastore.keyOf(as)
      const { grants } = await users.grants(request.caller, place.id, key, place.signal)
      return { user: { ...as, databases: databasesOf(place.datastore, [...reachOf(user), ...grants]) } }
    },
  )

  http.put(
    path,
    {
      schema: {
        operationId: 'changeUser',
        tags,
        consumes,
        summary: 'Rename a user, or change its password; what it may do stays',
        params: UserParams,
        body: ChangeUser,
        response: done,
      },
    },
    async (request, reply) => {
      const { name, host, password } = request.body.user
      if (name === undefined && host === undefined && password === undefined)
        throw badRequest('Validation error: user needs a name, a host or a password')
      const place = await userPlaceAt(parts, request, 'update')
      checkUserFields(place.datastore, request.body.user)
      const { as } = await userAt(place, request.params.name, 'update')
      await changeUser(place, as, request.body.user)
      return reply.code(202).send()
    },
  )

  http.delete(
    path,
    {
      schema: {
        operationId: 'deleteUser',
        tags,
        summary: 'Drop a user',
        params: UserParams,
        response: done,
      },
    },
    async (request, reply) => {
      const place = await userPlaceAt(parts, request, 'delete')
      const { as } = await userAt(place, request.params.name, 'delete')
      const prepared = await userChanges.drop(askedBy(request, parts), place.id, place.datastore.keyOf(as))
      await prepared.run()
      return reply.code(202).send()
    },
  )
}

/** Everything is looked at before anything is made, so that the fault can name who fails. */
export async function createUsers(place: UserPlace, wanted: Static<typeof CreateUsers>['users']): Promise<void> {
  const { parts, request, datastore, id } = place
  await checkNewUsers(place, wanted)
  await checkGrantable(
    place,
    wanted.flatMap(({ databases = [] }) => databases.map(({ name }) => name)),
  )
  if (wanted.length === 0) return
  const wishes = wanted.map(fields => toNewUser(datastore, fields))
  const prepared = await parts.services.userChanges.createMany(askedBy(request, parts), id, wishes)
  await prepared.run().catch(orTaken(() => checkNewUsers(place, wanted)))
}

/** Could they be made, if their databases are there? */
export async function checkNewUsers(place: UserPlace, wanted: Static<typeof CreateUsers>['users']): Promise<void> {
  for (const fields of wanted) checkUserFields(place.datastore, fields)
  for (const fields of wanted) checkNotReserved(place, nameIn(fields), 'create')
  for (const fields of wanted) if (await findUser(place, nameIn(fields))) throw userExists(nameIn(fields))
}

async function changePasswords(place: UserPlace, wanted: Static<typeof ChangePasswords>['users']): Promise<void> {
  const { parts, request, datastore, id } = place
  for (const fields of wanted) checkUserFields(datastore, fields)
  for (const fields of wanted) checkNotReserved(place, nameIn(fields), 'update')
  for (const fields of wanted) if (!(await findUser(place, nameIn(fields)))) throw noUser(nameIn(fields))
  if (wanted.length === 0) return
  // Of two for one user the last counts, as if they had come one after the other.
  const latest = new Map(wanted.map(fields => [userKey(nameIn(fields)), fields]))
  const resets = [...latest.values()].map(fields => {
    return { key: datastore.keyOf(nameIn(fields)), password: new Secret(fields.password) }
  })
  const prepared = await parts.services.userChanges.resetMany(askedBy(request, parts), id, resets)
  await prepared.run()
}

async function changeUser(
  place: UserPlace,
  as: UserName,
  { name = as.name, host = as.host, password }: Static<typeof ChangeUser>['user'],
): Promise<void> {
  const { parts, request, datastore, id } = place
  const to = { name, host }
  const { userChanges } = parts.services
  const [key, asked] = [datastore.keyOf(as), askedBy(request, parts)]
  const chosen = password === undefined ? undefined : new Secret(password)
  if (userKey(to) === userKey(as)) {
    if (chosen) await (await userChanges.reset(asked, id, key, chosen)).run()
    return
  }
  checkNotReserved(place, to, 'update')
  if (await findUser(place, to)) throw userExists(to)
  const prepared = await userChanges.rename(asked, id, key, datastore.keyOf(to), chosen)
  await prepared.run().catch(
    orTaken(async () => {
      throw userExists(to)
    }),
  )
}
