import type { Change } from '../../../domain/users/change.ts'
import type { Plan, Refusal, Statement, Step } from '../../engine.ts'
import { borrowing, canBorrow } from '../borrow.ts'
import type { PostgresFacts } from '../facts/facts.ts'
import { missingRight, type Reach } from '../facts/reach.ts'
import type { ServerState } from '../link/server.ts'
import { commentOnDatabase, markedComment } from '../marks.ts'
import { halfMadeName, wrongDatabaseName } from '../names.ts'
import { open, quoteName, quoteText } from '../sql.ts'
import { type DatabaseFound, IDLE_OF_OURS } from './facts.ts'

type Create = Extract<Change, { kind: 'create-database' }>
type Drop = Extract<Change, { kind: 'drop-database' }>

/**
 * CREATE DATABASE runs in no transaction, so a mark can't come with it: it is made under the operation's own name, and gets its mark,
 * its owner and its real name in one.
 */
export function planCreateDatabase({ database: wanted }: Create, facts: PostgresFacts): Plan {
  const found = facts.database!
  const wrong = wrongDatabaseName(wanted.name)
  if (wrong) return { steps: [], refusals: [{ code: 'invalid', subject: 'database', message: wrong }] }
  if (found.marked) return { steps: [], refusals: [] }
  const make: Step[] = found.halfMade
    ? []
    : [{ why: "make it under the operation's own name", statements: [createStatement(wanted, facts)] }]
  const finish: Step = {
    why: 'mark it as made by this operation, and give it its name',
    statements: finishStatements(wanted, facts),
  }
  return { steps: [...make, finish], refusals: refusalsToCreate(wanted, facts) }
}

function refusalsToCreate(wanted: Create['database'], { state, database, others }: PostgresFacts): Refusal[] {
  if (database!.oid)
    return [{ code: 'exists', subject: 'database', message: `There already is a database ${wanted.name}` }]
  if (!state.me.superuser && !state.me.createDb) {
    return [missingRight('The managing login lacks CREATEDB, which making databases needs')]
  }
  if (wanted.owner !== undefined && !others.some(({ name }) => name === wanted.owner)) {
    return [{ code: 'not_found', subject: 'user', message: `There is no role ${wanted.owner} to own it` }]
  }
  return []
}

// A template's encoding and collation can be departed from in an empty one only.
function createStatement({ name, encoding, collation }: Create['database'], { mark }: PostgresFacts): Statement {
  // Nobody gets in before it has its name: a session in it would be in the way of the renaming.
  const options = [
    'allow_connections false',
    ...(encoding === undefined && collation === undefined ? [] : ['template template0']),
    ...(encoding === undefined ? [] : [`encoding ${quoteText(encoding)}`]),
    ...(collation === undefined ? [] : [`lc_collate ${quoteText(collation)} lc_ctype ${quoteText(collation)}`]),
  ]
  return open(['create database', quoteName(halfMadeName(mark, name)), ...options].join(' '))
}

function finishStatements(
  { name, owner }: Create['database'],
  { mark, others, state }: PostgresFacts,
): readonly Statement[] {
  const half = halfMadeName(mark, name)
  const comment = commentOnDatabase(half, markedComment(undefined, mark))
  const letIn = open(`alter database ${quoteName(half)} allow_connections true`)
  const rename = open(`alter database ${quoteName(half)} rename to ${quoteName(name)}`)
  if (owner === undefined || owner === state.me.name) return [comment, letIn, rename]
  const give = open(`alter database ${quoteName(name)} owner to ${quoteName(owner)}`)
  return borrowing(state, [others.find(role => role.name === owner)], [comment, letIn, rename, give])
}

/** Drops a database, and then the catalogue roles that mean nothing without it: one made again must not let old readers in. */
export function planDropDatabase({ name, force }: Drop, facts: PostgresFacts): Plan {
  const found = facts.database!
  const steps = found.oid ? [...takeOver(name, facts), ...endIdle(name, force, found), dropStep(name, force)] : []
  const roles = [...found.catalogueRoles, ...found.staleRoles]
  return { steps: [...steps, ...dropRoles(roles)], refusals: refusalsToDrop(name, force, found, facts) }
}

function refusalsToDrop(
  name: string,
  force: boolean,
  found: DatabaseFound,
  { state, others }: PostgresFacts,
): Refusal[] {
  const refuse = (message: string): Refusal[] => [{ code: 'refused', subject: 'database', message }]
  if (!found.oid) return []
  if (found.template) return refuse(`${name} is a template: other databases are made from it`)
  if (name === state.database)
    return refuse(`Rolecall itself is connected to ${name}: point its connection to another database first`)
  if (!found.mine && !canTakeOver(found, others, state))
    return [missingRight(`The managing login must be a member of ${found.owner}, the owner of ${name}, to drop it`)]
  if (found.sessions > 0 && !force) return [inUse(name, found.sessions)]
  return []
}

function inUse(name: string, sessions: number): Refusal {
  const message = `${sessions === 1 ? 'One session is' : `${sessions} sessions are`} connected to ${name}`
  return { code: 'in_use', subject: 'database', message, counts: { sessions } }
}

/** Takes back a create: what is half-made goes, and what has its name already only if it is this operation's. */
export function planUndoCreateDatabase({ name }: { readonly name: string }, facts: PostgresFacts): Plan {
  const { halfMade, marked, catalogueRoles } = facts.database!
  const half = halfMade ? [dropStep(halfMadeName(facts.mark, name), true)] : []
  const whole = marked ? [...takeOver(name, facts), dropStep(name, false), ...dropRoles(catalogueRoles)] : []
  return { steps: [...half, ...whole], refusals: [] }
}

// DROP DATABASE runs in no transaction, so membership in the owner could not be taken for it and surely given back. The mark says who
// took it over, should it never be dropped.
function takeOver(name: string, { state, others, database, mark }: PostgresFacts): readonly Step[] {
  if (database!.mine || !canTakeOver(database!, others, state)) return []
  const take = open(`alter database ${quoteName(name)} owner to ${quoteName(state.me.name)}`)
  const statements = borrowing(state, others, [take, commentOnDatabase(name, markedComment(database!.comment, mark))])
  return [{ why: 'take the database over, so that it may be dropped', statements }]
}

function canTakeOver({ owner }: DatabaseFound, others: readonly Reach[], state: ServerState): boolean {
  const role = others.find(({ name }) => name === owner)
  return role !== undefined && canBorrow(state, role)
}

function endIdle(name: string, force: boolean, { idle }: DatabaseFound): readonly Step[] {
  if (force || idle === 0) return []
  const end = `select pg_terminate_backend(pid) from pg_stat_activity where datname = ${quoteText(name)} and ${IDLE_OF_OURS}`
  return [{ why: "end Rolecall's own idle sessions in it, until none is left", statements: [open(end)] }]
}

function dropStep(name: string, force: boolean): Step {
  const statement = `drop database ${quoteName(name)}${force ? ' with (force)' : ''}`
  return {
    why: force ? 'drop the database, and end the sessions in it' : 'drop the database',
    statements: [open(statement)],
  }
}

/** Each in a step of its own: one that can't go must not keep the others. */
function dropRoles(names: readonly string[]): readonly Step[] {
  return names.map(name => ({
    why: 'drop a catalogue role of a database that is gone',
    statements: [open(`drop role if exists ${quoteName(name)}`)],
  }))
}
