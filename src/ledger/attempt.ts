import { Fault } from '../domain/fault.ts'
import type { TargetOutcome } from '../domain/operations/operation.ts'
import type { Secret } from '../domain/secret.ts'
import { type Change, passwordOf, subjectOf } from '../domain/users/change.ts'
import type { Mark, UserKey } from '../domain/users/user.ts'
import type { Facts, FoundBehind, Plan, Step } from '../engines/engine.ts'
import type { Store } from '../store/store.ts'
import type { HeldLease } from './leases.ts'
import type { Links, OpenLink } from './links.ts'
import { outcomeOf, type RecordWish } from './settlement.ts'

/** One try at one target: its change, and the one session it runs on. */
export interface Attempt {
  readonly instanceId: string
  readonly change: Change
  readonly wish: RecordWish
  readonly mark: Mark
  readonly link: OpenLink
}

export interface AttemptParts {
  readonly store: Pick<Store, 'installation'>
  readonly links: Links
}

export interface AttemptTarget {
  readonly instanceId: string
  readonly change: Change
  readonly wish: RecordWish
  readonly ownLogin?: boolean
}

/** All targets of one try, on one session an instance. */
export interface OpenAttempts extends AsyncDisposable {
  readonly all: readonly Attempt[]
}

export async function openAttempts(
  parts: AttemptParts,
  operation: string,
  attempt: number,
  targets: readonly AttemptTarget[],
  signal: AbortSignal,
): Promise<OpenAttempts> {
  const { installation } = parts.store
  const session = { installation, operation, attempt }
  const mark = { installation, operation }
  await using opened = new AsyncDisposableStack()
  const links = new Map<string, OpenLink>()
  // In one order for everybody: two operations that need the last links of the same instances must not wait in a circle.
  for (const instanceId of [...new Set(targets.map(target => target.instanceId))].sort()) {
    const here = targets.filter(target => target.instanceId === instanceId)
    const alsoTry = ownPassword(here.find(target => target.ownLogin))
    const foreseen = { change: here[0]!.change, mark }
    links.set(instanceId, opened.use(await parts.links.open(instanceId, session, signal, alsoTry, foreseen)))
  }
  const all = targets.map(({ instanceId, change, wish }) => {
    return { instanceId, change, wish, mark, link: links.get(instanceId)! }
  })
  const kept = opened.move()
  return { all, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

/** The password that the managing login may already have, if it is its own that changes. */
export function ownPassword(target: Pick<AttemptTarget, 'change' | 'ownLogin'> | undefined): Secret | undefined {
  return target?.ownLogin ? passwordOf(target.change) : undefined
}

export interface Planned {
  readonly facts: Facts
  readonly plan: Plan
  /** What takes the change back to what is so now. */
  readonly undo?: Change
}

/** Plans every target from facts read now: instances side by side, the targets of one after another on its session. */
export async function planAll(attempts: readonly Attempt[]): Promise<readonly Planned[]> {
  const planned = new Map<Attempt, Planned>()
  const links = new Set(attempts.map(({ link }) => link))
  const planOn = async (link: OpenLink) => {
    for (const attempt of attempts.filter(one => one.link === link)) planned.set(attempt, await planTarget(attempt))
  }
  await Promise.all([...links].map(planOn))
  return attempts.map(attempt => planned.get(attempt)!)
}

export async function planTarget({ link, change, mark }: Attempt): Promise<Planned> {
  const { engine, client } = link
  const facts = await client.facts(change, mark)
  return { facts, plan: sparing(change, facts, engine.plan(change, facts)), undo: engine.undo(change, facts) }
}

/** Asked anew by every attempt: meanwhile a login may have got such power. */
function sparing({ sparesServerAdmins }: Change, { power }: Facts, plan: Plan): Plan {
  if (!sparesServerAdmins || power === undefined) return plan
  const message = `${power} has power over the whole server: this needs the role admin`
  return { ...plan, refusals: [{ code: 'forbidden', subject: 'user', message }, ...plan.refusals] }
}

/** Throws the first refusal of the plans, telling of all. */
export function refuse(plans: readonly Plan[]): void {
  const refusals = plans.flatMap(plan => plan.refusals)
  const [first] = refusals
  if (!first) return
  throw new Fault(first.code, first.subject, refusals.map(one => one.message).join('; '), { counts: first.counts })
}

/**
 * Nothing is sent without a lease: whoever stood still meanwhile finds out first whether it is still the one who acts. Answers what was
 * found behind the last step, where the engine tells.
 */
export async function runSteps(
  { link, change }: Attempt,
  plan: Plan,
  lease: HeldLease,
  onRan: (step: Step) => void = () => undefined,
): Promise<FoundBehind | undefined> {
  let found: FoundBehind | undefined
  for (const step of plan.steps) {
    await lease.check()
    found = await link.client.run(step, step === plan.steps.at(-1) ? userAfter(change) : undefined)
    onRan(step)
  }
  return found
}

/** What the caller is told: the subjects as the engine shows them now, or as they were found behind their last step. */
export async function readBackAll(
  attempts: readonly Attempt[],
  found: ReadonlyMap<Attempt, FoundBehind> = new Map(),
): Promise<readonly TargetOutcome[]> {
  const outcomes: TargetOutcome[] = []
  for (const attempt of attempts) outcomes.push(await readBack(attempt, found.get(attempt)))
  return outcomes
}

export async function readBack({ change, link, wish }: Attempt, found?: FoundBehind): Promise<TargetOutcome> {
  const key = userAfter(change)
  const { user } = found ?? { user: key && (await link.client.findUser(key)) }
  return outcomeOf(change, user, wish)
}

/** Whom to look for once it is done. */
function userAfter(change: Change): UserKey | undefined {
  return change.kind === 'drop-user' ? undefined : userOf(change)
}

function userOf(change: Change): UserKey | undefined {
  if (subjectOf(change).kind !== 'user') return undefined
  if (change.kind === 'create-user') return change.user
  if (change.kind === 'rename-user') return change.to
  return 'key' in change ? change.key : undefined
}
