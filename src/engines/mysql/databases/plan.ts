import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Refusal, Statement, Step } from '../../engine.ts'
import type { MysqlFacts } from '../facts/facts.ts'
import { mayDropDatabases, mayMakeDatabases, missingRight } from '../facts/rights.ts'
import { databaseMarkerRole, markComment } from '../marks.ts'
import { grantName, wrongDatabaseName } from '../names.ts'
import { open, quoteAccount, quoteName, quoteText } from '../sql.ts'
import { endEach } from '../users/lock.ts'
import { sessionsInDatabase } from '../users/sessions.ts'
import { type DatabaseFound, type Grantee, isMarker } from './facts.ts'

type Create = Extract<Change, { kind: 'create-database' }>
type Drop = Extract<Change, { kind: 'drop-database' }>

/** MariaDB's databases carry our mark as their comment. MySQL's carry none: a role without members says first that we will make it. */
export function planCreateDatabase({ database: wanted }: Create, facts: MysqlFacts): Plan {
  const found = facts.database!
  const wrong = wrongDatabaseName(wanted.name)
  if (wrong) return { steps: [], refusals: [{ code: 'invalid', subject: 'database', message: wrong }] }
  if (found.marked) return { steps: [], refusals: [] }
  const create = open(createStatement(wanted, facts))
  const steps: readonly Step[] = [
    ...(facts.state.databaseComments || found.intended ? [] : [intentStep(wanted.name, facts)]),
    { why: 'make the database', statements: [create] },
  ]
  return { steps, refusals: refusalsToCreate(wanted, facts) }
}

function createStatement({ name, encoding, collation }: Create['database'], { state, mark }: MysqlFacts): string {
  const parts = [
    `create database ${quoteName(name)}`,
    ...(encoding === undefined ? [] : [`character set ${quoteText(encoding)}`]),
    ...(collation === undefined ? [] : [`collate ${quoteText(collation)}`]),
    ...(state.databaseComments ? [`comment ${quoteText(markComment(mark))}`] : []),
  ]
  return parts.join(' ')
}

function intentStep(name: string, { mark, state, markerRole: isThere }: MysqlFacts): Step {
  const role = quoteName(databaseMarkerRole(mark, name))
  const statements: Statement[] = [
    ...(isThere ? [] : [open(`create role ${role}`)]),
    open(`grant show view on ${quoteName(grantName(name, state))}.* to ${role}`),
  ]
  return { why: 'say which operation makes it: a role that nobody has', statements }
}

function refusalsToCreate({ name, owner }: Create['database'], { database, rights }: MysqlFacts): readonly Refusal[] {
  if (owner !== undefined) {
    return [
      {
        code: 'unsupported',
        subject: 'database',
        message: 'Databases have no owners here: grant the role owner instead',
      },
    ]
  }
  if (database!.exists) return [{ code: 'exists', subject: 'database', message: `There already is a database ${name}` }]
  return mayMakeDatabases(rights) ? [] : [missingRight('The managing login lacks CREATE, which making databases needs')]
}

/** Drops a database, and then what was granted on it: one made again must not let old readers in. */
export function planDropDatabase({ name, force }: Drop, facts: MysqlFacts): Plan {
  const found = facts.database!
  const end: Step[] = found.sessions > 0 ? [endStep(name, facts)] : []
  const steps = [...(found.exists ? [...end, dropStep(name)] : []), ...revokeSteps(name, found)]
  return { steps, refusals: refusalsToDrop(name, force, found, facts) }
}

function refusalsToDrop(
  name: string,
  force: boolean,
  found: DatabaseFound,
  { state, rights }: MysqlFacts,
): readonly Refusal[] {
  if (!found.exists) return []
  const wrong = wrongDatabaseName(name)
  if (wrong) return [{ code: 'refused', subject: 'database', message: wrong }]
  if (name === state.database) {
    const message = `Rolecall itself is connected to ${name}: point its connection to another database first`
    return [{ code: 'refused', subject: 'database', message }]
  }
  if (!mayDropDatabases(rights)) return [missingRight('The managing login lacks DROP, which dropping databases needs')]
  return found.sessions > 0 && !force ? [inUse(name, found.sessions)] : []
}

function inUse(name: string, sessions: number): Refusal {
  const message = `${sessions === 1 ? 'One session is' : `${sessions} sessions are`} connected to ${name}`
  return { code: 'in_use', subject: 'database', message, counts: { sessions } }
}

/**
 * Takes back a create: what carries this operation's mark. Where databases carry none, what the operation said it would make, if it is
 * still empty: then nothing is lost, whoever was quicker.
 */
export function planUndoCreateDatabase({ name }: { readonly name: string }, facts: MysqlFacts): Plan {
  const found = facts.database!
  const mine = found.marked && (facts.state.databaseComments || found.things === 0)
  const steps = [...(mine ? [dropStep(name)] : []), ...(mine || found.intended ? revokeSteps(name, found) : [])]
  return { steps, refusals: [] }
}

function dropStep(name: string): Step {
  return { why: 'drop the database', statements: [open(`drop database if exists ${quoteName(name)}`)] }
}

function endStep(name: string, { state }: MysqlFacts): Step {
  return {
    why: 'end the sessions in it, until none is left',
    statements: endEach(sessionsInDatabase(name, state.me.name)),
  }
}

/** The family keeps what was granted on a database when that is dropped. Marks that meant it go altogether. */
function revokeSteps(name: string, { grantees }: DatabaseFound): readonly Step[] {
  return grantees.map(grantee => ({
    why: isMarker(grantee) ? `drop the role that marked ${name}` : `take away what ${grantee.name} was granted on it`,
    statements: isMarker(grantee) ? [open(`drop role if exists ${quoteName(grantee.name)}`)] : revokes(grantee),
  }))
}

function revokes(grantee: Grantee): readonly Statement[] {
  const [on, whom] = [`${quoteName(grantee.grantName)}.*`, quoteAccount(grantee)]
  const all = open(`revoke all privileges on ${on} from ${whom}`)
  return grantee.mayGrant === 'Y' ? [open(`revoke grant option on ${on} from ${whom}`), all] : [all]
}
