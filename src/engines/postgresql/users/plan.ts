import type { Change } from '../../../domain/users/change.ts'
import type { EndWish } from '../../../domain/users/expiry.ts'
import type { NewUser } from '../../../domain/users/user.ts'
import type { Plan, Refusal, Statement } from '../../engine.ts'
import { revokeMemberships } from '../borrow.ts'
import type { PostgresFacts } from '../facts/facts.ts'
import { missingRight } from '../facts/reach.ts'
import { giveSteps } from '../grants/give.ts'
import { refusalsToGive } from '../grants/refusals.ts'
import { commentOnRole, markedComment } from '../marks.ts'
import { isCatalogueRole, wrongUserName } from '../names.ts'
import { open, quoteName, quoteText } from '../sql.ts'
import { endStatements, validUntil } from './end.ts'
import { onExisting, remark } from './existing.ts'
import { LateSecret } from './late-secret.ts'
import { engineRolesOf, type UserRow } from './read.ts'
import { VERIFIER_SHOWN } from './scram.ts'

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

/** First the login with its mark, in one transaction; then its grants, database by database. */
export function planCreate({ user, closePublic, everything, end }: Of<'create-user'>, facts: PostgresFacts): Plan {
  const wrong = wrongUserName(user.name)
  if (wrong) return { steps: [], refusals: [{ code: 'invalid', subject: 'user', message: wrong }] }
  const make = facts.role
    ? []
    : [{ why: 'make the login and mark it', statements: createStatements(user, facts, everything, end) }]
  return {
    steps: [...make, ...giveSteps(user.name, user.grants, facts, closePublic)],
    refusals: refusalsToCreate(user, facts, everything),
  }
}

function createStatements(
  { name, settings, engineRoles }: NewUser,
  facts: PostgresFacts,
  everything = false,
  end: EndWish = {},
): readonly Statement[] {
  const limit = settings.connectionLimit ?? -1
  const options = [
    ...(everything ? ['superuser'] : []),
    ...(settings.replication ? ['replication'] : []),
    ...(limit < 0 ? [] : [`connection limit ${Math.trunc(limit)}`]),
    ...(end.until === undefined ? [] : [validUntil(end.until)]),
  ]
  const create = [`create role ${quoteName(name)} login`, ...options].join(' ')
  return [
    withPassword(create, facts),
    ...engineRoles.map(role => open(`grant ${quoteName(role)} to ${quoteName(name)}`)),
    commentOnRole(name, markedComment(undefined, facts.mark)),
  ]
}

export function withPassword(statement: string, { verifier }: PostgresFacts): Statement {
  const password = (text: string) => `${statement} password ${quoteText(text)}`
  const real = verifier!.then(known => password(known.reveal()))
  return { shown: password(VERIFIER_SHOWN), secret: new LateSecret(real) }
}

function refusalsToCreate(user: NewUser, facts: PostgresFacts, everything = false): readonly Refusal[] {
  if (facts.role && !facts.applied) {
    return [{ code: 'exists', subject: 'user', message: `There already is a role ${user.name}` }]
  }
  return [
    ...(everything && !facts.state.me.superuser
      ? [missingRight('Only a superuser makes a login that may do everything')]
      : []),
    ...rightsToCreate(user, facts),
    ...refusalsOfRoles(user.engineRoles, facts),
    ...refusalsToGive(user.name, user.grants, facts),
  ]
}

function rightsToCreate({ settings }: NewUser, { state: { me, version } }: PostgresFacts): readonly Refusal[] {
  if (me.superuser) return []
  if (!me.createRole) return [missingRight('The managing login lacks CREATEROLE, which making logins needs')]
  return settings.replication ? rightToReplicate(me.replication, version) : []
}

function rightToReplicate(has: boolean, version: number): readonly Refusal[] {
  if (version < 160000) return [missingRight('Before PostgreSQL 16 only a superuser gives REPLICATION')]
  return has ? [] : [missingRight('The managing login lacks REPLICATION, so it may not give it')]
}

function refusalsOfRoles(wanted: readonly string[], { others, state }: PostgresFacts): readonly Refusal[] {
  return wanted.flatMap((name): readonly Refusal[] => {
    if (isCatalogueRole(name))
      return [{ code: 'invalid', subject: 'role', message: `${name} is a catalogue role: grant it as one` }]
    const role = others.find(other => other.name === name)
    if (!role) return [{ code: 'not_found', subject: 'role', message: `There is no role ${name}` }]
    if (state.me.superuser || role.admin) return []
    return [missingRight(`The managing login lacks the ADMIN option on the role ${name}`)]
  })
}

export function planReset({ key }: Of<'reset-user'>, facts: PostgresFacts): Plan {
  const reset = () => [withPassword(`alter role ${quoteName(key.name)}`, facts), remark(facts)]
  const steps = facts.applied ? [] : [{ why: 'set the new password', statements: facts.role ? reset() : [] }]
  return onExisting(key.name, facts, steps)
}

export function planSet({ key, settings, engineRoles, end }: Of<'set-user'>, facts: PostgresFacts): Plan {
  if (!facts.role) return onExisting(key.name, facts, [])
  const changes = [
    ...settingStatements(facts.role, settings),
    ...endStatements(facts.role, end),
    ...roleStatements(facts.role, engineRoles, facts),
  ]
  const steps = changes.length === 0 ? [] : [{ why: 'change its settings', statements: [...changes, remark(facts)] }]
  const newRoles = engineRoles?.filter(role => !engineRolesOf(facts.role!).includes(role)) ?? []
  const { refusals } = onExisting(key.name, facts, steps)
  return { steps, refusals: [...refusals, ...rightsToSet(facts, settings), ...refusalsOfRoles(newRoles, facts)] }
}

function settingStatements(
  role: UserRow,
  { replication, connectionLimit }: Of<'set-user'>['settings'],
): readonly Statement[] {
  const options = [
    ...(replication === undefined || replication === role.replication
      ? []
      : [replication ? 'replication' : 'noreplication']),
    ...(connectionLimit === undefined || connectionLimit === role.connectionLimit
      ? []
      : [`connection limit ${Math.trunc(connectionLimit)}`]),
  ]
  return options.length === 0 ? [] : [open(`alter role ${quoteName(role.name)} ${options.join(' ')}`)]
}

function roleStatements(
  role: UserRow,
  wanted: readonly string[] | undefined,
  { state }: PostgresFacts,
): readonly Statement[] {
  if (!wanted) return []
  const has = engineRolesOf(role)
  const add = wanted.filter(name => !has.includes(name))
  const remove = has.filter(name => !wanted.includes(name))
  const grantorsOf = (name: string) => role.memberships.filter(one => one.role === name).map(({ grantor }) => grantor)
  return [
    ...add.map(name => open(`grant ${quoteName(name)} to ${quoteName(role.name)}`)),
    ...remove.flatMap(name => revokeMemberships(state, name, role.name, grantorsOf(name))),
  ]
}

function rightsToSet(
  { state: { me, version }, role }: PostgresFacts,
  { replication }: Of<'set-user'>['settings'],
): readonly Refusal[] {
  if (me.superuser || replication === undefined || replication === role!.replication) return []
  return rightToReplicate(me.replication, version)
}
