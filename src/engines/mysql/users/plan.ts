import type { Change } from '../../../domain/users/change.ts'
import type { NewUser, UserSettings } from '../../../domain/users/user.ts'
import type { Plan, Refusal, Step } from '../../engine.ts'
import type { MysqlFacts } from '../facts/facts.ts'
import { mayMakeUsers, mayReplicate, missingRight } from '../facts/rights.ts'
import { grantSteps, refusalsToGrant } from '../grants/plan.ts'
import { isSameMark, loginMarkerRole, markAttribute, subjectMark } from '../marks.ts'
import { hostOf, MARKER, wrongHost, wrongUserName } from '../names.ts'
import { open, quoteAccount, quoteName, quoteText } from '../sql.ts'
import { onExisting } from './existing.ts'
import { isPlugin, PLUGINS } from './hashes.ts'
import { letGo } from './letting-go.ts'
import { withPassword } from './password.ts'

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

interface AccountName {
  readonly name: string
  readonly host: string
}

/** First the login with its mark; then what it may do. Where the mark takes several statements, it can't log in before the last. */
export function planCreate({ user, ahead, everything }: Of<'create-user'>, facts: MysqlFacts): Plan {
  const wrong = wrongUserName(user.name, facts.state) ?? wrongHost(hostOf(user))
  if (wrong) return { steps: [], refusals: [{ code: 'invalid', subject: 'user', message: wrong }] }
  const refusals = refusalsToCreate(user, facts, ahead)
  const account = { name: user.name, host: hostOf(user) }
  if (refusals.length > 0 && !facts.password) return { steps: [], refusals }
  const make = facts.state.catalogue === 'documents' ? makeInSteps : makeAtOnce
  return {
    steps: [
      ...make(account, user, facts),
      ...replicationSteps(account, user.settings, facts),
      ...roleSteps(account, user.engineRoles, facts),
      ...grantSteps(account, { add: user.grants, remove: [] }, facts),
      ...(everything ? everythingSteps(account, facts) : []),
      ...letIn(account, facts),
    ],
    refusals,
  }
}

/** MySQL: the mark comes with the account. */
function makeAtOnce(account: AccountName, user: NewUser, facts: MysqlFacts): readonly Step[] {
  if (facts.account) return []
  const attribute = ` attribute ${quoteText(markAttribute(facts.mark))}`
  const create = withPassword(`create user ${quoteAccount(account)}`, `${limitOf(user.settings)}${attribute}`, facts)
  return [{ why: 'make the login and mark it', statements: [create] }]
}

/** MariaDB: the mark is a role, which takes statements of its own. Until they are done the account is locked, and says whose it is. */
function makeInSteps(account: AccountName, user: NewUser, facts: MysqlFacts): readonly Step[] {
  if (facts.account?.marker) return []
  const role = quoteName(loginMarkerRole(facts.mark, account))
  const subject = ` require subject ${quoteText(subjectMark(facts.mark))}${limitOf(user.settings)} account lock`
  const statements = [
    ...(facts.markerRole ? [] : [open(`create role ${role}`)]),
    ...(facts.account ? [] : [withPassword(`create user ${quoteAccount(account)}`, subject, facts)]),
    open(`grant ${role} to ${quoteAccount(account)}`),
    letGo(role),
  ]
  return [{ why: 'make the login, locked, and mark it', statements }]
}

function letIn(account: AccountName, { state, account: found }: MysqlFacts): readonly Step[] {
  if (state.catalogue !== 'documents' || (found && !found.inMaking)) return []
  const statement = `alter user ${quoteAccount(account)} require none account unlock`
  return [{ why: 'let it log in', statements: [open(statement)] }]
}

function everythingSteps(account: AccountName, { account: found }: MysqlFacts): readonly Step[] {
  if (found?.flags.includes('superuser')) return []
  const statement = `grant all privileges on *.* to ${quoteAccount(account)} with grant option`
  return [{ why: 'let it do everything', statements: [open(statement)] }]
}

function limitOf({ connectionLimit = -1 }: UserSettings): string {
  return connectionLimit < 0 ? '' : ` with max_user_connections ${Math.trunc(connectionLimit)}`
}

function replicationSteps(account: AccountName, { replication }: UserSettings, facts: MysqlFacts): readonly Step[] {
  if (replication === undefined || replication === (facts.account?.replication ?? false)) return []
  const statement = replication
    ? `grant replication slave on *.* to ${quoteAccount(account)}`
    : `revoke replication slave on *.* from ${quoteAccount(account)}`
  return [{ why: replication ? 'let it replicate' : 'let it replicate no more', statements: [open(statement)] }]
}

function roleSteps(account: AccountName, wanted: readonly string[] | undefined, facts: MysqlFacts): readonly Step[] {
  if (!wanted) return []
  const has = facts.account?.roles ?? []
  const whom = quoteAccount(account)
  const statements = [
    ...wanted.filter(role => !has.includes(role)).map(role => open(`grant ${roleName(role, facts)} to ${whom}`)),
    ...has.filter(role => !wanted.includes(role)).map(role => open(`revoke ${roleName(role, facts)} from ${whom}`)),
  ]
  return statements.length === 0 ? [] : [{ why: 'change its roles', statements }]
}

// MariaDB's roles have no host, MySQL's have one that is shown only where it is not `%`.
function roleName(role: string, { state }: MysqlFacts): string {
  if (state.catalogue === 'documents') return quoteName(role)
  const at = role.lastIndexOf('@')
  return at < 0
    ? quoteAccount({ name: role, host: '%' })
    : quoteAccount({ name: role.slice(0, at), host: role.slice(at + 1) })
}

function refusalsToCreate(user: NewUser, facts: MysqlFacts, ahead?: boolean): readonly Refusal[] {
  const { account, nameTaken, mark, rights } = facts
  const text = `${user.name}@${hostOf(user)}`
  // Our role may be there already: that somebody was quicker with the login doesn't make it ours.
  if ((account && !isSameMark(account.mark, mark)) || nameTaken) {
    return [{ code: 'exists', subject: 'user', message: `There already is a login or role ${text}` }]
  }
  return [
    ...(mayMakeUsers(rights) ? [] : [missingRight('The managing login lacks CREATE USER, which making logins needs')]),
    ...refusalsOfPassword(facts),
    ...refusalsOfSettings(user.settings, facts),
    ...refusalsOfRoles(user.engineRoles, facts),
    ...refusalsToGrant({ add: user.grants, remove: [] }, facts, ahead),
  ]
}

function refusalsOfPassword({ password, passwordRefusal }: MysqlFacts): readonly Refusal[] {
  if (password) return []
  const message = passwordRefusal ?? `The server loads none of ${PLUGINS.join(', ')}`
  return [{ code: 'unsupported', subject: 'user', message }]
}

function refusalsOfSettings(
  { connectionLimit, replication }: UserSettings,
  { rights, account }: MysqlFacts,
): readonly Refusal[] {
  const changes = replication !== undefined && replication !== (account?.replication ?? false)
  const none = connectionLimit === 0
  return [
    ...(none ? [invalid('To this server 0 sessions means no limit: lock the login instead')] : []),
    ...(changes && !mayReplicate(rights)
      ? [missingRight('The managing login lacks REPLICATION SLAVE with GRANT OPTION, so it may not give it')]
      : []),
  ]
}

const invalid = (message: string): Refusal => ({ code: 'invalid', subject: 'user', message })

function refusalsOfRoles(wanted: readonly string[], { roles }: MysqlFacts): readonly Refusal[] {
  return wanted.flatMap((name): readonly Refusal[] => {
    if (name.startsWith(MARKER)) return [{ code: 'invalid', subject: 'role', message: `${name} is one of our marks` }]
    if (roles.includes(name)) return []
    return [{ code: 'not_found', subject: 'role', message: `There is no role ${name}` }]
  })
}

export function planReset({ key }: Of<'reset-user'>, facts: MysqlFacts): Plan {
  if (!facts.account || facts.applied) return onExisting(key.name, facts, [])
  const refusals = refusalsOfPassword(facts)
  if (refusals.length > 0) return { steps: [], refusals }
  const reset = withPassword(`alter user ${quoteAccount(facts.account)}`, '', facts)
  return onExisting(key.name, facts, [{ why: 'set the new password', statements: [reset] }])
}

export function planSet({ key, settings, engineRoles }: Of<'set-user'>, facts: MysqlFacts): Plan {
  const { account } = facts
  if (!account) return onExisting(key.name, facts, [])
  const steps = [
    ...limitSteps(settings, facts),
    ...replicationSteps(account, settings, facts),
    ...roleSteps(account, engineRoles, facts),
  ]
  const newRoles = engineRoles?.filter(role => !account.roles.includes(role)) ?? []
  const { refusals } = onExisting(key.name, facts, steps)
  const plugin = settings.authPlugin !== undefined && settings.authPlugin !== account.plugin
  return {
    steps,
    refusals: [
      ...refusals,
      ...(plugin ? [invalid('Another way of checking the password needs a new password: reset it')] : []),
      ...refusalsOfSettings(settings, facts),
      ...refusalsOfRoles(newRoles, facts),
    ],
  }
}

function limitSteps({ connectionLimit }: UserSettings, { account }: MysqlFacts): readonly Step[] {
  const wanted = Math.max(0, Math.trunc(connectionLimit ?? -1))
  if (connectionLimit === undefined || wanted === account!.connectionLimit) return []
  const statement = `alter user ${quoteAccount(account!)} with max_user_connections ${wanted}`
  return [{ why: 'change how many sessions it may have', statements: [open(statement)] }]
}

/** Is any of what the change wants so already? */
export function isPartlySet(
  { settings, engineRoles }: Of<'set-user'>,
  { account }: Pick<MysqlFacts, 'account'>,
): boolean {
  if (!account) return false
  const { connectionLimit, replication } = settings
  return (
    (connectionLimit !== undefined && Math.max(0, connectionLimit) === account.connectionLimit) ||
    (replication !== undefined && replication === account.replication) ||
    (engineRoles?.some(role => account.roles.includes(role)) ?? false)
  )
}

export function wrongPlugin(name: string | undefined, loaded: readonly string[]): string | undefined {
  if (name === undefined || (isPlugin(name) && loaded.includes(name))) return undefined
  if (!isPlugin(name)) return `Passwords are made for ${PLUGINS.join(' and ')} here, not for ${name}`
  return `The server does not load ${name}`
}
