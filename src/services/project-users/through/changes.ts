import { Fault } from '../../../domain/fault.ts'
import { type Change, passwordOf } from '../../../domain/users/change.ts'
import { userKeyText } from '../../../domain/users/user.ts'
import type { Engine } from '../../../engines/engine.ts'
import type { FanOutTarget } from '../../../ledger/fan-out/order.ts'
import type { Places } from '../../../store/project-record.ts'
import type { Store } from '../../../store/store.ts'
import type { Asked } from '../../operations/prepared.ts'
import type { UserTarget } from '../../users/changes/managed-users.ts'
import { noUser } from '../../users/users.ts'
import type { createChecks } from '../checks.ts'
import { checkClusters, isWithin } from '../clusters.ts'
import { comesTo, isGoing, livesOn } from '../known.ts'
import type { Cluster, ProjectRules, WantedUser } from '../project-user.ts'
import { keptOf, type Plan, planOf } from '../project-user-changes.ts'
import { type Changing, changeTargets, dropTarget } from '../targets.ts'
import type { UserBehind } from './behind.ts'
import { withoutOne } from './narrowing.ts'

/** What is to be done of a user, of which one login was named: there first, and then on its other servers. */
export interface UserPlan {
  readonly targets: readonly FanOutTarget[]
  readonly record: Plan
}

type Of<Kind extends Change['kind']> = Extract<Change, { kind: Kind }>

/** Changes of a login that are changes of its user; any other is of that login alone. */
export type UsersChange = Of<'reset-user' | 'set-user' | 'grant-user' | 'drop-user'>

export function isUsersChange(change: Change): change is UsersChange {
  return ['reset-user', 'set-user', 'grant-user', 'drop-user'].includes(change.kind)
}

/** May it be one of a user of a project? */
export function isOfUsers({ change, ofProject }: UserTarget): boolean {
  return isUsersChange(change) || (change.kind === 'create-user' && ofProject === true)
}

export interface PlanningParts {
  readonly store: Store
  readonly rules: ProjectRules
  readonly check: ReturnType<typeof createChecks>
  readonly engine: Engine
}

/** A change of one login, as a change of the user that it is. */
export function planUser(
  parts: PlanningParts,
  asked: Asked,
  user: UserBehind,
  target: UserTarget & { readonly change: UsersChange },
): Promise<UserPlan> {
  if (target.change.kind === 'drop-user') return planNarrowing(parts, asked, user)
  return planEverywhere(parts, asked, user, target.change, target)
}

/** From that server it goes. */
async function planNarrowing(parts: PlanningParts, asked: Asked, user: UserBehind): Promise<UserPlan> {
  const { around, known, cluster, was } = user
  checkClusters(around, [cluster], noUser(known.key))
  const left = withoutOne(was, known, cluster, parts.rules)
  const target = { ...dropTarget(asked, cluster, known), ifMissing: noUser(known.key) }
  const key = userKeyText(known.key)
  if (left) return { targets: [target], record: planOf(key, 'change', left) }
  const rest = await leftOn(parts, user)
  const watched = rest.filter(({ instance }) => instance.mode === 'observe')
  checkClusters(around, watched)
  const targets = [target, ...rest.map(one => dropTarget(asked, one, known))]
  return { targets, record: planOf(key, 'remove') }
}

/** What was to go from elsewhere already, and has nobody else to see to it. Another login of its name is none of it. */
async function leftOn({ store }: PlanningParts, { known, cluster }: UserBehind): Promise<readonly Cluster[]> {
  const { places } = known.record ?? { places: {} as Places }
  const isHad = (one: Cluster) => typeof places[one.instance.id] === 'string' && livesOn(known, one)
  const left = known.clusters.filter(one => one !== cluster && (isHad(one) || comesTo(known, one)))
  const goes = await Promise.all(left.map(({ instance }) => isGoing(store.read, instance.id, userKeyText(known.key))))
  return left.filter((_, at) => !goes[at])
}

/** One user has one password, one set of roles and one end, wherever it lives. */
async function planEverywhere(
  parts: PlanningParts,
  asked: Asked,
  user: UserBehind,
  change: Exclude<UsersChange, Of<'drop-user'>>,
  target: UserTarget,
): Promise<UserPlan> {
  const { check, rules } = parts
  const { around, known, cluster, was } = user
  const on = known.clusters.filter(one => isWithin(was, one) || one === cluster)
  checkClusters(around, on, noUser(known.key))
  await check.notOwn(on, userKeyText(known.key))
  const password = passwordOf(change)
  if (password) await check.password(on, password)
  const wanted = await wantedAfter(parts, user, on, change)
  const setsRoles = change.kind === 'set-user' && Boolean(change.engineRoles ?? change.grants)
  const changing = { before: was, wanted, password, setsRoles }
  const targets = on.flatMap(one => targetsOn(asked, user, one, change, changing))
  const isNamed = targets.some(({ instanceId }) => instanceId === cluster.instance.id)
  // Where the user is so already, its login there is looked at all the same, and told.
  if (!isNamed) targets.push({ instanceId: cluster.instance.id, change, wish: target.wish })
  const record = planOf(userKeyText(known.key), 'change', wanted)
  return { targets: hereFirst(targets, cluster), record: { ...record, password: keptOf(rules, password) } }
}

const hereFirst = (targets: readonly FanOutTarget[], { instance }: Cluster) =>
  targets.toSorted((one, other) => rankOf(one, instance.id) - rankOf(other, instance.id))

const rankOf = ({ instanceId }: FanOutTarget, here: string) => (instanceId === here ? 0 : 1)

async function wantedAfter(
  { store, check, engine }: PlanningParts,
  { login, was }: UserBehind,
  on: readonly Cluster[],
  change: Exclude<UsersChange, Of<'drop-user'>>,
): Promise<WantedUser> {
  if (change.kind === 'reset-user') return was
  if (!login) throw new Fault('unavailable', 'server', 'The server did not answer in time', { retryAfterSeconds: 5 })
  if (change.kind === 'grant-user') return { ...was, roles: engine.rolesAfter!(change.grants, was.roles) }
  const { end, engineRoles, grants } = change
  const validUntil = end ? await check.end(on, end.until, await store.now()) : was.validUntil
  if (!engineRoles && !grants) return { ...was, validUntil }
  const granted = (login.roles ?? []).filter(role => !login.engineRoles.includes(role))
  const kept = [...(engineRoles ?? login.engineRoles), ...(grants ? [] : granted)]
  return { ...was, validUntil, roles: engine.rolesAfter!({ add: grants ?? [], remove: [] }, kept) }
}

/** Grants come and go by themselves: what a server has beside them is as it was. On the others their databases need not be there. */
function targetsOn(
  asked: Asked,
  { known, cluster }: UserBehind,
  one: Cluster,
  change: UsersChange,
  changing: Changing,
): readonly FanOutTarget[] {
  const { id } = one.instance
  const all = changeTargets(asked, one, known, changing)
  if (change.kind !== 'grant-user' || !livesOn(known, one) || known.pending.has(id)) return all
  const own: Change = { ...change, ahead: one === cluster ? change.ahead : true }
  return [{ instanceId: id, change: own, wish: { username: asked.caller.operator.username } }]
}
