import type { Caller } from '../../domain/callers/caller.ts'
import type { StepShown, TargetOutcome } from '../../domain/operations/operation.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import { type Plan, type Refusal, showStep } from '../../engines/engine.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import type { Order, OrderTarget } from '../../ledger/order.ts'
import { asAllowed } from '../access/server-admins.ts'

/** Who asks for a change, until when, and by which key a repeat is known. */
export interface Asked {
  readonly caller: Caller
  readonly signal: AbortSignal
  readonly replay?: Order['replay']
  /** Throws, in the transaction that writes the operation, why it must not be done after all. */
  readonly confirm?: Order['confirm']
}

/** A change that has been checked and could be made: carried out, or shown. */
export interface Prepared<T> {
  run(): Promise<T>
  /** The statements that `run` would run now, and why it would refuse. Nothing is written. */
  preview(): Promise<Preview>
}

export interface Preview {
  readonly steps: readonly (StepShown & { readonly instanceId: string })[]
  readonly refusals: readonly Pick<Refusal, 'code' | 'message' | 'counts'>[]
}

/** A change of one subject on one instance, through the ledger. `finish` makes the answer of what came of it. */
export function prepare<T>(
  ledger: Ledger,
  asked: Asked,
  instance: Instance,
  target: Omit<OrderTarget, 'instanceId'>,
  finish: (operationId: string, outcome: TargetOutcome) => Promise<T>,
): Prepared<T> {
  return prepareMany(ledger, asked, instance, [target], (operationId, [outcome]) => finish(operationId, outcome!))
}

/** Changes of several subjects on one instance, as one operation: all of them are made, or none. */
export function prepareMany<T>(
  ledger: Ledger,
  asked: Asked,
  instance: Instance,
  targets: readonly Omit<OrderTarget, 'instanceId'>[],
  finish: (operationId: string, outcomes: readonly TargetOutcome[]) => Promise<T>,
): Prepared<T> {
  const { id: instanceId, projectId } = instance
  const here = targets.map(target => {
    const change = asAllowed(asked.caller, projectId, target.change)
    return { ...target, change, instanceId }
  })
  const order: Order = { ...asked, projectId, targets: here }
  return {
    run: async () => {
      const { operationId, outcomes } = await ledger.perform(order)
      return finish(operationId, outcomes)
    },
    preview: async () => showPlans(here, await ledger.preview(order)),
  }
}

/** A change of the store alone: there are no statements to show. */
export function prepareStoreChange<T>(run: () => Promise<T>): Prepared<T> {
  return { run, preview: async () => ({ steps: [], refusals: [] }) }
}

/** One plan for each target. */
export function showPlans(targets: readonly Pick<OrderTarget, 'instanceId'>[], plans: readonly Plan[]): Preview {
  const stepsOn = ({ steps }: Plan, at: number) =>
    steps.flatMap(showStep).map(step => ({ ...step, instanceId: targets[at]!.instanceId }))
  return {
    steps: plans.flatMap(stepsOn),
    refusals: plans.flatMap(plan => plan.refusals).map(({ code, message, counts }) => ({ code, message, counts })),
  }
}
