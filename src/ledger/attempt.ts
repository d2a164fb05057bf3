import { type Change, passwordOf, subjectOf } from '../domain/change.ts'
import { Fault } from '../domain/fault.ts'
import type { TargetOutcome } from '../domain/operation.ts'
import type { DatabaseUser, Mark, UserKey } from '../domain/user.ts'
import type { Facts, Plan } from '../engines/engine.ts'
import type { Store } from '../store/store.ts'
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

export async function openTarget(
  parts: AttemptParts,
  operation: string,
  attempt: number,
  target: AttemptTarget,
  signal: AbortSignal,
): Promise<Attempt & AsyncDisposable> {
  const { installation } = parts.store
  const alsoTry = target.ownLogin ? passwordOf(target.change) : undefined
  const link = await parts.links.open(target.instanceId, { installation, operation, attempt }, signal, alsoTry)
  const { instanceId, change, wish } = target
  return {
    instanceId,
    change,
    wish,
    mark: { installation, operation },
    link,
    [Symbol.asyncDispose]: () => link[Symbol.asyncDispose](),
  }
}

export async function closeAttempt(attempt: Attempt): Promise<void> {
  await attempt.link[Symbol.asyncDispose]()
}

export async function planTarget({
  link,
  change,
  mark,
}: Attempt): Promise<{ readonly facts: Facts; readonly plan: Plan }> {
  const facts = await link.client.facts(change, mark)
  return { facts, plan: link.engine.plan(change, facts) }
}

/** Throws the first refusal of the plans, telling of all. */
export function refuse(plans: readonly Plan[]): void {
  const refusals = plans.flatMap(plan => plan.refusals)
  const [first] = refusals
  if (!first) return
  throw new Fault(first.code, first.subject, refusals.map(one => one.message).join('; '), { counts: first.counts })
}

export async function runSteps({ link }: Attempt, plan: Plan, leaseLost: AbortSignal): Promise<void> {
  for (const step of plan.steps) {
    if (leaseLost.aborted) throw new Fault('conflict', 'operation', 'Another worker has taken this operation over')
    await link.client.run(step)
  }
}

/** What the caller is told: the subject as the engine shows it now. */
export async function readBack({ change, link, wish }: Attempt): Promise<TargetOutcome> {
  const key = userOf(change)
  const gone = key === undefined || change.kind === 'drop-user'
  const user: DatabaseUser | undefined = gone ? undefined : await link.client.findUser(key)
  return outcomeOf(change, user, wish)
}

function userOf(change: Change): UserKey | undefined {
  if (subjectOf(change).kind !== 'user') return undefined
  if (change.kind === 'create-user') return change.user
  return 'key' in change ? change.key : undefined
}

/** Takes back what the attempts did, last first. `before` are the facts from before each. */
export async function takeBack(attempts: readonly Attempt[], before: readonly Facts[]): Promise<void> {
  for (const [at, attempt] of [...attempts.entries()].reverse()) {
    const undo = attempt.link.engine.undo(attempt.change, before[at]!)
    if (!undo) continue
    const { plan } = await planTarget({ ...attempt, change: undo })
    for (const step of plan.steps) await attempt.link.client.run(step)
  }
}
