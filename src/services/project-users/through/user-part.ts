import { Fault, isFault } from '../../../domain/fault.ts'
import type { TargetOutcome } from '../../../domain/operations/operation.ts'
import type { Instance } from '../../../domain/servers/instance.ts'
import { tooLate } from '../../../ledger/deadline.ts'
import type { FanOutOrder, FanOutTarget } from '../../../ledger/fan-out/order.ts'
import { failure } from '../../../ledger/fan-out/outcome.ts'
import type { FannedOut } from '../../../ledger/fan-out/perform.ts'
import type { ProjectRecord } from '../../../store/project-record.ts'
import type { Tables } from '../../../store/store.ts'
import { asAllowed } from '../../access/server-admins.ts'
import { type Asked, type Prepared, showPlans } from '../../operations/prepared.ts'
import type { UserTarget } from '../../users/changes/managed-users.ts'
import { type Clusters, naming } from '../clusters.ts'
import type { Known } from '../known.ts'
import { asRead, confirmOn } from '../project-user-changes.ts'
import { supersedeOn } from '../targets.ts'
import { checkNotMade } from '../unchanged.ts'
import type { UserPlan } from './changes.ts'
import type { Done, ThroughParts } from './part.ts'

/** A login that was named, the user that it is, and what is to be done of that. */
export interface UserMeant {
  readonly target: UserTarget
  readonly plan: UserPlan
  readonly around: Clusters
  /** None of a user that is made; what was of its name before. */
  readonly known?: Known
  readonly before?: ProjectRecord
}

/** One user's change, and what is changed with it, as one operation on all of its servers. */
export function createUserParts({ rules, instances, ledger, fanOut }: ThroughParts) {
  return (asked: Asked, instance: Instance, user: UserMeant, beside: readonly FanOutTarget[]): Prepared<Done> => {
    const { caller, signal, replay } = asked
    const { projectId } = instance
    const targets = async () => {
      const own = await Promise.all(user.plan.targets.map(target => wished(instance, user, target)))
      return [...own, ...beside].map(one => ({ ...one, change: asAllowed(caller, projectId, one.change) }))
    }
    const run = async () => {
      const all = await targets()
      const how = { record: user.plan.record, onFailure: 'finish', perInstanceMs: rules.perInstanceMs } as const
      const order = { caller, signal, replay, projectId, targets: all, ...how, ...madeFrom(projectId, user, all) }
      return doneOf(await fanOut.perform(order).catch(inWords(instance, user.around)), user.plan)
    }
    const preview = async () => {
      const all = await targets()
      const whole = showPlans(all, await ledger.preview({ caller, signal, projectId, targets: all }))
      const isSeen = ({ instanceId }: { instanceId: string }) =>
        user.around.seen.some(({ instance: { id } }) => id === instanceId)
      return { ...whole, steps: whole.steps.filter(isSeen) }
    }
    return { run, preview }
  }

  /** What is remembered of the login that was named is what was wished for; on the others it is what their policy says. */
  async function wished({ id }: Instance, { target, around }: UserMeant, one: FanOutTarget): Promise<FanOutTarget> {
    const { wish, ifMissing = one.ifMissing, check } = target
    if (one.instanceId === id) return { ...one, wish, ifMissing, check }
    const { instance } = around.all.find(cluster => cluster.instance.id === one.instanceId)!
    const { passwordRecall } = await instances.policyOf(instance)
    const { username, passwordChosen } = wish
    return { ...one, wish: { username, passwordChosen, keepPassword: passwordRecall === 'stored' } }
  }

  /** In the transaction that writes it: it is made from what there is, or made anew. */
  function madeFrom(
    projectId: string,
    { known, before, around, plan }: UserMeant,
    targets: readonly FanOutTarget[],
  ): Pick<FanOutOrder, 'confirm' | 'supersede'> {
    if (!known) {
      const supersede = async (tables: Tables) => {
        await checkNotMade(tables, { ...plan.record, projectId }, before)
        return []
      }
      return { supersede }
    }
    const basis = { clusters: around.all, known, was: asRead(projectId, known) }
    return {
      confirm: tables => confirmOn(tables, projectId, targets, basis),
      supersede: tables => supersedeOn(tables, plan.targets, known),
    }
  }
}

/** The login that was named comes first, then its user's on other servers, then what was changed with it. */
function doneOf({ operationId, outcomes, open }: FannedOut, { targets }: UserPlan): Done {
  if (open.size > 0) throw tooLate(operationId, failure(open))
  const [first, ...others] = outcomes as readonly TargetOutcome[]
  return { operationId: operationId!, outcomes: [first!, ...others.slice(targets.length - 1)] }
}

/** Of the server that was named it is told as of any other login's; others are named to whoever sees them, and say why. */
function inWords({ id }: Instance, { seen }: Clusters) {
  // Whoever named one server would take what another one refuses for its answer.
  const named = naming(seen, () => true)
  return (error: unknown): never => {
    const failed = isFault(error) ? error.details.failed : undefined
    const own = failed?.get(id)
    if (!own || failed?.size !== 1) return named(error)
    const { operationId } = (error as Fault).details
    throw new Fault(own.code, own.subject, own.message, { ...own.details, operationId })
  }
}
