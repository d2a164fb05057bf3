import { type Static, Type } from 'typebox'
import type { NewDatabase } from '../../../domain/database.ts'
import type { Place } from '../instances/place.ts'
import { badRequest } from '../refusals/refusal.ts'
import { Links } from './common.ts'

/** Something to go by in every name: as the published schema has it. */
const DatabaseName = Type.String({ minLength: 1, maxLength: 255, pattern: '[0-9A-Za-z]' })

export const DatabaseRef = Type.Object({ name: DatabaseName })

export const DatabaseList = Type.Object(
  { databases: Type.Array(Type.Object({ name: Type.String() })), links: Links, databases_links: Links },
  { $id: 'Databases' },
)

export const NewDatabaseBody = Type.Object({
  name: DatabaseName,
  character_set: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  collate: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
})

export const CreateDatabases = Type.Object({ databases: Type.Array(NewDatabaseBody) })

export const GrantBody = Type.Object({ databases: Type.Array(DatabaseRef) })

export function toNewDatabase({ name, character_set, collate }: Static<typeof NewDatabaseBody>): NewDatabase {
  return { name, encoding: character_set, collation: collate }
}

/** What the datastore itself wants of a name. */
export function checkDatabaseNames({ datastore }: Pick<Place, 'datastore'>, names: readonly string[]): void {
  for (const name of names) {
    const why = datastore.rules.database(name)
    if (why) throw badRequest(why)
  }
}

export function checkDistinctDatabases(databases: readonly { readonly name: string }[]): void {
  if (new Set(databases.map(({ name }) => name)).size === databases.length) return
  throw badRequest(
    'Two or more databases share the same name in the initial databases list. Please correct the names or remove the duplicate entries.',
  )
}
