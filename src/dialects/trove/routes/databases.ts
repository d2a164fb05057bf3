import { type Static, Type } from 'typebox'
import { isFault } from '../../../domain/fault.ts'
import { ref } from '../../request.ts'
import { askedBy, type TroveHttp, type TroveParts } from '../context.ts'
import { isReserved } from '../datastores/datastores.ts'
import { both } from '../document.ts'
import { type Place, placeAt } from '../instances/place.ts'
import { badRequest, orTaken, Refusal } from '../refusals/refusal.ts'
import { nextLinks, pageBody, wantedIn } from '../requests/pages.ts'
import { isThere, listDatabases, noDatabase, reservedDatabase } from '../users/databases.ts'
import { strictReadingsOf } from '../users/user-segment.ts'
import { InstanceParams, Nothing, PageQuery } from '../wire/common.ts'
import {
  CreateDatabases,
  checkDatabaseNames,
  checkDistinctDatabases,
  DatabaseList,
  toNewDatabase,
} from '../wire/databases.ts'
import { withSuffixes } from './route.ts'

export const databaseSchemas = [DatabaseList]

const tags = ['Databases']
const done = { 202: { description: 'Done', ...Nothing } }

/** Databases of an instance. */
export function databaseRoutes(http: TroveHttp, parts: TroveParts): void {
  const base = '/:accountId/instances/:instanceId/databases'

  for (const { path, hide } of withSuffixes(base)) {
    http.get(
      path,
      {
        schema: {
          operationId: 'listDatabases',
          tags,
          hide,
          summary: 'Databases of an instance, by name',
          params: InstanceParams,
          querystring: PageQuery,
          response: { 200: both(ref(DatabaseList), 'A page of databases') },
        },
      },
      async request => {
        const wanted = wantedIn(request, parts.wishes.page.databases)
        const { items, more } = await listDatabases(await placeAt(parts, request, 'read'), wanted)
        const names = items.map(({ name }) => ({ name }))
        return pageBody(
          parts,
          request,
          'databases',
          names,
          nextLinks(parts, request, more ? names.at(-1)?.name : undefined),
        )
      },
    )

    http.post(
      path,
      {
        schema: {
          operationId: 'createDatabases',
          tags,
          hide,
          consumes: ['application/json', 'application/xml'],
          summary: 'Make databases: all of them, or none',
          params: InstanceParams,
          body: CreateDatabases,
          response: done,
        },
      },
      async (request, reply) => {
        checkDistinctDatabases(request.body.databases)
        await createDatabases(await placeAt(parts, request, 'create'), request.body.databases)
        return reply.code(202).send()
      },
    )
  }

  const schema = { tags, params: Type.Object({ ...InstanceParams.properties, databaseName: Type.String() }) }

  http.delete(
    `${base}/:databaseName`,
    {
      schema: {
        ...schema,
        operationId: 'deleteDatabase',
        summary: 'Drop a database and what is in it',
        response: done,
      },
    },
    async (request, reply) => {
      const place = await placeAt(parts, request, 'delete')
      const name = await databaseAt(place, request.params.databaseName)
      await (await parts.services.databases.drop(askedBy(request, parts), place.id, name)).run()
      return reply.code(202).send()
    },
  )

  http.get(`${base}/:databaseName`, { schema: { hide: true } }, async request => {
    await placeAt(parts, request, 'read')
    throw new Refusal(501, 'notImplemented', 'The requested method is not implemented.')
  })
}

/** Everything is looked at before anything is made, so that the fault can name what fails. */
export async function createDatabases(
  place: Place,
  wanted: Static<typeof CreateDatabases>['databases'],
): Promise<void> {
  const { parts, request, datastore, id } = place
  const names = wanted.map(({ name }) => name)
  checkDatabaseNames(place, names)
  for (const name of names) if (isReserved(name, datastore.reservedDatabases)) throw reservedDatabase(place, name)
  await checkFree(place, names)
  if (wanted.length === 0) return
  const made = wanted.map(fields => toNewDatabase(datastore, fields))
  const prepared = await parts.services.databases.createMany(askedBy(request, parts), id, made)
  await prepared.run().catch(error => {
    const characters = characterSetFault(error, wanted)
    if (characters) throw characters
    return orTaken(() => checkFree(place, names))(error)
  })
}

async function checkFree(place: Place, names: readonly string[]): Promise<void> {
  for (const name of names)
    if (await isThere(place, name)) throw badRequest(`A database with the name "${name}" already exists.`)
}

/** A server that refuses what was said of the characters has its own words for it; this API has one sentence. */
function characterSetFault(error: unknown, wanted: Static<typeof CreateDatabases>['databases']): Refusal | undefined {
  const said = wanted.map(({ character_set, collate }) => character_set ?? collate).find(one => one !== undefined)
  const isAboutIt = isFault(error) && ABOUT_CHARACTERS.has(error.code)
  return said !== undefined && isAboutIt ? badRequest(`'${said}' not a valid character set.`) : undefined
}

const ABOUT_CHARACTERS: ReadonlySet<string> = new Set(['invalid', 'refused', 'not_found'])

/** The database that a part of a path names, and no other. */
async function databaseAt(place: Place, segment: string): Promise<string> {
  for (const name of strictReadingsOf(segment)) {
    if (isReserved(name, place.datastore.reservedDatabases)) throw reservedDatabase(place, name)
    if (await isThere(place, name)) return name
  }
  throw noDatabase(segment)
}
