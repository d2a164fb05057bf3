import { type Static, Type } from 'typebox'
import type { NewDatabase } from '../../../domain/servers/database.ts'
import type { Grant } from '../../../domain/users/grant.ts'
import type { Datastore } from '../datastores/datastores.ts'
import type { Place } from '../instances/place.ts'
import { badRequest } from '../refusals/refusal.ts'
import { Links } from './common.ts'

/** Something to go by in every name: as the published schema has it. */
const DatabaseName = Type.String({ minLength: 1, maxLength: 255, pattern: '[0-9A-Za-z]' })

/** A database that somebody is to have something in. */
export const GrantRef = Type.Object({
  name: DatabaseName,
  privileges: Type.Optional(
    Type.Union([Type.Array(Type.String()), Type.String()], {
      description:
        'Not in the published API: `ALL`, which counts without it, or some of SELECT, INSERT, UPDATE, DELETE',
    }),
  ),
})

type GrantFields = Static<typeof GrantRef>

const READ = ['SELECT']
const WRITE = ['INSERT', 'UPDATE', 'DELETE']

/** The nearest role that means no more than these privileges together. */
export function toGrant(datastore: Datastore, { name: database, privileges = [] }: GrantFields): Grant {
  const asked = (typeof privileges === 'string' ? privileges.split(',') : privileges).map(one =>
    one.trim().toUpperCase(),
  )
  if (asked.length === 0 || asked.includes('ALL')) return { role: datastore.grant, database }
  const unknown = asked.filter(one => ![...READ, ...WRITE].includes(one))
  if (unknown.length > 0) throw badRequest('Privileges are ALL, or some of SELECT, INSERT, UPDATE, DELETE.')
  if (asked.every(one => READ.includes(one))) return { role: 'read', database }
  if ([...READ, ...WRITE].every(one => asked.includes(one))) return { role: 'readwrite', database }
  throw badRequest('Privileges are granted as ALL, as SELECT, or as SELECT, INSERT, UPDATE and DELETE together.')
}

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

export const GrantBody = Type.Object({ databases: Type.Array(GrantRef) })

/** Where databases have no characters of their own, what is said of them means nothing. */
export function toNewDatabase(
  { characterSets }: Datastore,
  { name, character_set, collate }: Static<typeof NewDatabaseBody>,
): NewDatabase {
  return characterSets ? { name, encoding: character_set, collation: collate } : { name }
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
