import { Fault, toFault } from '../../domain/fault.ts'
import { newOperationId } from '../../domain/id.ts'
import type { StepShown, TargetOutcome } from '../../domain/operations/operation.ts'
import { showStep } from '../../engines/engine.ts'
import type { Tables } from '../../store/store.ts'
import { type Planned, planTarget, readBack, refuse, runSteps } from '../attempt.ts'
import { type Begun, begin, beginAnew } from '../begin.ts'
import { orLate, tooLate } from '../deadline.ts'
import { isTakenOver } from '../leases.ts'
import type { LedgerParts } from '../ledger.ts'
import { postpone } from '../outcome.ts'
import type { FanOutOrder, FanOutTarget } from './order.ts'
import { failure, finishSome } from './outcome.ts'
import { onEach, type Reach, type Reached, reach } from './reach.ts'
import { takeAllBack, withdraw } from './take-back.ts'
import type { Work } from './work.ts'

/** Carries out changes on several instances side by side, so that what could not be done now is taken back, or a row that is seen. */
export interface FanOut {
  /** Throws once nothing is left of it; what is left open is told by instance. */
  perform(order: FanOutOrder): Promise<FannedOut>
  /** Writes it down for the worker, which goes on until it is done. */
  leave(order: FanOutOrder): Promise<string>
}

export interface FannedOut {
  readonly operationId?: string
  /** One for each target; undefined while it is open. */
  readonly outcomes: readonly (TargetOutcome | undefined)[]
  /** Why, by instance. */
  readonly open: ReadonlyMap<string, Fault>
}

const TRIES = 4

export function createFanOut(parts: LedgerParts): FanOut {
  return { perform: order => perform(parts, order), leave: order => leave(parts, order) }
}

async function perform(parts: LedgerParts, order: FanOutOrder): Promise<FannedOut> {
  const plannedAt = await parts.store.now()
  const id = newOperationId(plannedAt)
  let begunAs: string | undefined
  const work = performWhole(parts, order, { id, plannedAt }, () => (begunAs = id))
  return orLate(work, order.signal, () => tooLate(begunAs))
}

async function performWhole(
  parts: LedgerParts,
  order: FanOutOrder,
  beginning: Beginning,
  onBegun: () => void,
): Promise<FannedOut> {
  const { id } = beginning
  const wanted = order.targets.map((target, position) => ({ ...target, position }))
  await using reachable: Reach = await reach(
    parts,
    { operation: id, attempt: 1 },
    wanted,
    order.signal,
    shares(order).opening,
  )
  // Nothing has been written, so there is nothing to take back.
  if (order.onFailure !== 'leave' && reachable.failed.size > 0) throw failure(reachable.failed)
  const planned = new Map<number, Planned>()
  const late = await planEach(order, reachable.reached, planned)
  if (order.signal.aborted) throw tooLate()
  const superseded = new Set<string>()
  const begun = await beginOn(parts, order, beginning, planned, superseded)
  onBegun()
  using lease = parts.leases.hold(id, 1, begun.since)
  // What was sent for the one before may still take effect: the worker waits for that. Where all is to be done now, there is no time to.
  const waiting = order.onFailure === 'leave' ? [...superseded] : []
  const reached = reachable.reached.filter(({ instanceId }) => !late.has(instanceId) && !waiting.includes(instanceId))
  const letGo = async () => reachable[Symbol.asyncDispose]()
  const work: Work = { order, begun, lease, reached, planned, done: new Map(), superseded, letGo }
  const unplanned = new Map([...reachable.failed, ...late, ...waiting.map(one => [one, waits()] as const)])
  return begun.waited || superseded.size > 0
    ? await startOver(parts, work, unplanned)
    : await bringAbout(parts, work, unplanned)
}

/** Whoever waits for one server to be reached, or to answer, leaves the others their own time. */
function shares({ perInstanceMs: all }: FanOutOrder) {
  return { opening: 0.4 * all, planning: 0.2 * all, running: 0.4 * all }
}

/** An operation that is to be written. */
interface Beginning {
  readonly id: string
  /** By the store's clock. */
  readonly plannedAt?: number
}

/** Throws a refusal; answers which servers could not be asked, or not in time. */
async function planEach(
  order: FanOutOrder,
  reached: readonly Reached[],
  planned: Map<number, Planned>,
): Promise<ReadonlyMap<string, Fault>> {
  const late = await onEach(reached, one => one.within(shares(order).planning, () => planOn(order, one, planned)))
  const refused = [...late.values()].find(isAnswer)
  if (refused) throw refused
  if (order.onFailure !== 'leave' && late.size > 0) throw failure(late)
  return late
}

/** Somebody else changed the subject meanwhile: what was planned may be wrong by now. Nothing has been sent yet. */
async function startOver(parts: LedgerParts, work: Work, unreached: ReadonlyMap<string, Fault>): Promise<FannedOut> {
  const { order, lease, planned } = work
  const { operation } = work.begun
  const late = await planEach(order, work.reached, planned).catch(async error => {
    throw await withdraw(parts, work, toFault(error))
  })
  const seen = order.targets.map((target, at) => planned.get(at) ?? unseen(target))
  const anew = await beginAnew(parts.store, operation, lease.held, noted(order), seen).catch(error => {
    throw tooLate(operation.id, error)
  })
  const begun = { ...work.begun, operation: anew }
  const reached = work.reached.filter(({ instanceId }) => !late.has(instanceId))
  return bringAbout(parts, { ...work, begun, reached }, new Map([...unreached, ...late]))
}

function waits(): Fault {
  return new Fault('unavailable', 'server', 'An earlier change waits for this server; this one takes its place')
}

/** A refusal, and not a server that could not be asked. */
function isAnswer({ code }: Fault): boolean {
  return code !== 'unavailable' && code !== 'timeout' && code !== 'internal'
}

async function planOn({ targets }: FanOutOrder, { attempts }: Reached, planned: Map<number, Planned>): Promise<void> {
  for (const [position, attempt] of attempts) {
    const one = await planTarget(attempt)
    const { ifMissing, check } = targets[position]!
    if (ifMissing && !one.facts.exists) throw ifMissing
    check?.(one.facts)
    refuse([one.plan])
    planned.set(position, one)
  }
}

async function beginOn(
  { store, leases }: Pick<LedgerParts, 'store' | 'leases'>,
  order: FanOutOrder,
  { id, plannedAt }: Beginning,
  planned: ReadonlyMap<number, Planned>,
  superseded: Set<string>,
): Promise<Begun> {
  const { record, projectId } = order
  const all = order.targets.map((target, at) => planned.get(at) ?? unseen(target))
  const whole = {
    ...noted(order),
    confirm: async (tables: Tables) => {
      await tables.projectRecords.begin({ ...record, projectId, operationId: id }, await tables.now())
      await order.confirm?.(tables)
    },
    prepare: async (tables: Tables) => {
      superseded.clear()
      for (const instanceId of (await order.supersede?.(tables)) ?? []) superseded.add(instanceId)
    },
  }
  return begin(store, { id, worker: leases.worker, order: whole, planned: all, plannedAt })
}

/** Who is told that the rest follows, is told so for good. What took the place of another change is not called off with both of them lost. */
function noted(order: FanOutOrder): FanOutOrder {
  const note = ({ wish, instead }: FanOutTarget) => {
    return { ...wish, fanOut: { forward: order.onFailure === 'leave' || instead !== undefined } }
  }
  return { ...order, targets: order.targets.map(target => ({ ...target, wish: note(target) })) }
}

/** What is not known of a server that could not be asked. */
function unseen({ incarnation }: FanOutTarget): Planned {
  const facts = { exists: incarnation !== undefined, incarnation, applied: false }
  return { facts, plan: { steps: [], refusals: [] } }
}

async function bringAbout(parts: LedgerParts, work: Work, unreached: ReadonlyMap<string, Fault>): Promise<FannedOut> {
  const { order, begun, lease } = work
  const failed = new Map([
    ...unreached,
    ...(await onEach(work.reached, one => one.within(shares(order).running, () => runOn(work, one)))),
  ])
  const { operation } = begun
  if (failed.size > 0 && isTakenBack(order, failed)) throw await takeAllBack(parts, work, failed)
  try {
    const left = await finishSome(parts.store, operation, lease.held, [...work.done.values()])
    if (left > 0) {
      await postpone(parts.store, operation.id, lease.held, failure(failed), 0)
      parts.onPostponed()
    }
  } catch (error) {
    if (!isTakenOver(toFault(error))) await postpone(parts.store, operation.id, lease.held, toFault(error), 0)
    throw tooLate(operation.id, error)
  }
  return { operationId: operation.id, outcomes: order.targets.map((_, at) => work.done.get(at)?.outcome), open: failed }
}

function isTakenBack({ onFailure }: FanOutOrder, failed: ReadonlyMap<string, Fault>): boolean {
  return onFailure === 'undo' || (onFailure === 'finish' && [...failed.values()].some(isAnswer))
}

async function runOn(work: Work, one: Reached): Promise<void> {
  for (let tries = TRIES; ; tries--) {
    try {
      return await runPlans(work, one)
    } catch (error) {
      const fault = toFault(error)
      if (fault.code !== 'conflict' || isTakenOver(fault) || tries === 1) throw fault
      for (const [position, attempt] of one.attempts) work.planned.set(position, await planTarget(attempt))
    }
  }
}

async function runPlans(work: Work, { attempts }: Reached): Promise<void> {
  for (const [position, attempt] of attempts) {
    const steps: StepShown[] = []
    await runSteps(attempt, work.planned.get(position)!.plan, work.lease, step => steps.push(...showStep(step)))
    work.done.set(position, { position, outcome: await readBack(attempt), steps })
  }
}

async function leave(parts: LedgerParts, order: FanOutOrder): Promise<string> {
  const id = newOperationId(await parts.store.now())
  const confirm = async (tables: Tables) => {
    await order.confirm?.(tables)
    // What is wanted is so from now on: nobody waits for servers that are still to follow.
    await tables.projectRecords.finish(id, order.targets.length)
  }
  const { operation } = await beginOn(parts, { ...order, confirm }, { id }, new Map(), new Set())
  const held = { worker: parts.leases.worker, attempt: 1 }
  await postpone(parts.store, operation.id, held, new Fault('unavailable', 'server', 'It waits for its turn'), 0)
  parts.onPostponed()
  return id
}
