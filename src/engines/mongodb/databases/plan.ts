import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Refusal, Step } from '../../engine.ts'
import { step } from '../command.ts'
import type { MongodbFacts } from '../facts/facts.ts'
import { missingRight } from '../facts/rights.ts'
import { markerCollection } from '../marks.ts'
import { wrongDatabaseName } from '../names.ts'

type Create = Extract<Change, { kind: 'create-database' }>
type Drop = Extract<Change, { kind: 'drop-database' }>

/** No database is empty here: it is made by making a collection in it, whose name is our mark. */
export function planCreateDatabase({ database: wanted }: Create, { database, mark, rights }: MongodbFacts): Plan {
  const wrong = wrongDatabaseName(wanted.name)
  if (wrong) return { steps: [], refusals: [{ code: 'invalid', subject: 'database', message: wrong }] }
  if (database!.marked) return { steps: [], refusals: [] }
  const steps = [
    step('make the database, by a collection that marks it', wanted.name, { create: markerCollection(mark) }),
  ]
  if (database!.exists) return { steps, refusals: [alreadyThere(wanted.name)] }
  return { steps, refusals: [...unsupported(wanted), ...(rights.databases ? [] : [missingRight('databases')])] }
}

function alreadyThere(name: string): Refusal {
  return { code: 'exists', subject: 'database', message: `There already is a database ${name}` }
}

function unsupported({ owner, encoding, collation }: Create['database']): readonly Refusal[] {
  if (owner === undefined && encoding === undefined && collation === undefined) return []
  const message = 'Databases have no owner, encoding or collation of their own here'
  return [{ code: 'unsupported', subject: 'database', message }]
}

/** Drops a database, and takes away what was granted on it: one made again must not let old readers in. */
export function planDropDatabase({ name }: Drop, { database, rights }: MongodbFacts): Plan {
  const { exists } = database!
  const steps = [...(exists ? [dropStep(name)] : []), ...revokeSteps(name, database!.grantees)]
  if (!exists) return { steps, refusals: [] }
  const wrong = wrongDatabaseName(name)
  if (wrong) return { steps: [], refusals: [{ code: 'refused', subject: 'database', message: wrong }] }
  return { steps, refusals: rights.databases ? [] : [missingRight('databases')] }
}

/** Takes back a create: the whole database while nobody has put anything into it, else our mark alone. */
export function planUndoCreateDatabase({ name }: { readonly name: string }, { database, mark }: MongodbFacts): Plan {
  if (!database!.marked) return { steps: [], refusals: [] }
  if (database!.things === 0) return { steps: [dropStep(name)], refusals: [] }
  const command = { drop: markerCollection(mark) }
  return { steps: [step('drop the collection that marks it', name, command)], refusals: [] }
}

const dropStep = (name: string): Step => step('drop the database', name, { dropDatabase: 1 })

function revokeSteps(name: string, grantees: NonNullable<MongodbFacts['database']>['grantees']): readonly Step[] {
  return grantees.map(({ user, db, roles }) =>
    step(`take away what ${user} was granted on ${name}`, db, { revokeRolesFromUser: user, roles }),
  )
}
