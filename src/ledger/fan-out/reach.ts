import { Fault, toFault } from '../../domain/fault.ts'
import type { Attempt, AttemptParts } from '../attempt.ts'
import type { OpenLink } from '../links.ts'
import type { RecordWish } from '../settlement.ts'
import type { FanOutTarget } from './order.ts'

/** One instance, and what is to be done there: position in the operation, and the attempt at it. */
export interface Reached {
  readonly instanceId: string
  /** Work on its link that is cut off after so long. */
  within<T>(ms: number, work: () => Promise<T>): Promise<T>
  readonly attempts: ReadonlyMap<number, Attempt>
}

/** A try at an operation: what could be reached, and why the rest could not. */
export interface Reach extends AsyncDisposable {
  readonly reached: readonly Reached[]
  readonly failed: ReadonlyMap<string, Fault>
}

interface Wanted extends Pick<FanOutTarget, 'instanceId' | 'change'> {
  readonly position: number
  readonly wish: RecordWish
}

/** One try at an operation. */
interface Try {
  readonly operation: string
  readonly attempt: number
}

/** Every instance side by side, each on a session of its own. */
export async function reach(
  { store, links }: AttemptParts,
  { operation, attempt }: Try,
  targets: readonly Wanted[],
  signal: AbortSignal,
  openMs: number,
): Promise<Reach> {
  const { installation } = store
  const session = { installation, operation, attempt }
  const ids = instancesOf(targets)
  const began = performance.now()
  const turns = await links.turns(ids, openMs * WAITING, signal)
  const leftMs = openMs - (performance.now() - began)
  const opened = new AsyncDisposableStack()
  const failed = new Map<string, Fault>()
  const open = async (instanceId: string): Promise<readonly Reached[]> => {
    const time = ownTime(signal)
    try {
      const turn = turns.get(instanceId)
      if (!turn) throw crowded()
      const dial = () => links.open(instanceId, session, time.signal, undefined, undefined, turn)
      const link = opened.use(await time.within(leftMs, dial))
      const attempts = attemptsOn(link, targets, instanceId, { installation, operation })
      return [{ instanceId, attempts, within: time.within }]
    } catch (error) {
      failed.set(instanceId, toFault(error))
      return []
    }
  }
  const reached = (await Promise.all(ids.map(open))).flat()
  return { reached, failed, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

/** One instance, and no other one is waited for meanwhile. `before` comes before its session opens. */
export async function reachOne(
  { store, links }: AttemptParts,
  { operation, attempt }: Try,
  targets: readonly Wanted[],
  signal: AbortSignal,
  openMs: number,
  before: (signal: AbortSignal) => Promise<void> = async () => undefined,
): Promise<Reached & AsyncDisposable> {
  const { installation } = store
  const { instanceId } = targets[0]!
  const time = ownTime(signal)
  const link = await time.within(openMs, async () => {
    await before(time.signal)
    return links.open(instanceId, { installation, operation, attempt }, time.signal)
  })
  const attempts = attemptsOn(link, targets, instanceId, { installation, operation })
  return { instanceId, attempts, within: time.within, [Symbol.asyncDispose]: () => link[Symbol.asyncDispose]() }
}

/** Of the time for opening: who gets no turn on one server leaves the others the rest. */
const WAITING = 0.5

function crowded(): Fault {
  return new Fault('unavailable', 'server', 'Too much is waiting for this server', { retryAfterSeconds: 2 })
}

export function instancesOf(targets: readonly Pick<FanOutTarget, 'instanceId'>[]): readonly string[] {
  return [...new Set(targets.map(({ instanceId }) => instanceId))].sort()
}

/** One server that takes its time takes nobody else's: each has a signal of its own, and a new limit for each part of the work. */
function ownTime(signal: AbortSignal) {
  const late = new AbortController()
  const pass = () => late.abort(new DOMException('Its time is over', 'TimeoutError'))
  async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
    const timer = setTimeout(pass, ms)
    try {
      return await work()
    } finally {
      clearTimeout(timer)
    }
  }
  return { signal: AbortSignal.any([signal, late.signal]), within }
}

function attemptsOn(link: OpenLink, targets: readonly Wanted[], instanceId: string, mark: Attempt['mark']) {
  const own = targets.filter(target => target.instanceId === instanceId)
  return new Map(own.map(({ position, change, wish }) => [position, { instanceId, change, wish, mark, link }]))
}

/** Work on every instance side by side; answers what failed, and does not wait for one in order to begin another. */
export async function onEach(
  reached: readonly Reached[],
  work: (one: Reached) => Promise<void>,
): Promise<ReadonlyMap<string, Fault>> {
  const failed = new Map<string, Fault>()
  await Promise.all(
    reached.map(one => work(one).catch((error: unknown) => void failed.set(one.instanceId, toFault(error)))),
  )
  return failed
}
