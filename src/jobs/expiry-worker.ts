import { Fault, isTransient, toFault } from '../domain/fault.ts'
import { type Expiring, isOutOfReach } from '../services/users/expiry.ts'
import type { ClaimedExpiry } from '../store/interface/users.ts'
import type { Store } from '../store/store.ts'
import { createExpiryNotes, type ExpiryStep } from './expiry-notes.ts'

/** How often the store is asked whose time has come. */
const TICK_MS = 1_000

/** How long a login stays with a worker that says nothing more of it. */
const LEASE_MS = 60_000

/** So many go as one operation: it is written to disk twice whatever it holds, and its caller waits for all of it. */
const TOGETHER = 32

/** Where there are no more for each link, each goes alone: locked and dropped as one operation. */
const FEW_PER_LINK = 4

/** A server that could not be reached is asked again this often, however long it has been away. */
const AWAY_MS = 5_000

/** What somebody has to cure is tried again at first after this, then after twice as long, up to the longest. */
const REFUSED_MS = 15_000
const REFUSED_LONGEST_MS = 300_000

/** When the process ends, what is under way may still come to its end for so long. */
const LAST_MS = 5_000

type Work = (expiries: readonly ClaimedExpiry[]) => Promise<void>

export interface ExpiryWorker {
  start(): Promise<void>
  stop(): Promise<void>
}

export interface ExpiryWorkerParts {
  readonly store: Store
  readonly expiring: Expiring
  /** Which worker this is, among those of all replicas. */
  readonly worker: string
  /** Links to one server that it may use at a time. */
  readonly links: number
  /** Passes when a login has taken too long; it is tried again later. */
  readonly deadlineMs: number
  readonly onFault: (error: unknown) => void
  readonly onStep: (step: ExpiryStep, lagMs: number) => void
}

/** Shuts out and drops logins whose time is over. Any replica may run one: rows in the store say what is whose, and what is left. */
export function createExpiryWorker(parts: ExpiryWorkerParts): ExpiryWorker {
  const { store } = parts
  const notes = createExpiryNotes(store, parts.onStep)
  /** Servers that are being worked on: one that is dead holds up nobody else's logins. */
  const running = new Map<string, Promise<void>>()
  /** Servers that are left alone until then, by `performance.now()`. */
  const restUntil = new Map<string, number>()
  const ending = new AbortController()
  let timer: NodeJS.Timeout | undefined
  let ticking: Promise<void> | undefined
  let isStopping = false

  function tick(): Promise<void> {
    ticking ??= look()
      .catch(parts.onFault)
      .finally(() => (ticking = undefined))
    return ticking
  }

  async function look(): Promise<void> {
    const ids = await store.read.expiries.waitingInstances(await store.now())
    for (const id of ids) if (!running.has(id) && !isOver(id)) follow(id)
  }

  const isOver = (id: string) => isStopping || (restUntil.get(id) ?? 0) > performance.now()

  function follow(id: string): void {
    const work = workOn(id)
      .catch(parts.onFault)
      .finally(() => running.delete(id))
    running.set(id, work)
  }

  async function workOn(instanceId: string): Promise<void> {
    while (!isOver(instanceId)) {
      const open = await claim(instanceId, 'open')
      // Nobody may log in long after the end, however many others there are to drop.
      if (open.length > FEW_PER_LINK * parts.links) await inLanes(open, TOGETHER, lockAll)
      else if (!(await dropSome(instanceId, open))) return removeLeft()
    }
  }

  async function dropSome(instanceId: string, open: readonly ClaimedExpiry[]): Promise<boolean> {
    const locked = await claim(instanceId)
    await inLanes([...open, ...locked.filter(isHeld)], 1, carryOutAll)
    await inLanes(
      locked.filter(one => !isHeld(one)),
      TOGETHER,
      dropAll,
    )
    return open.length + locked.length > 0
  }

  /** An instance whose last connection is gone goes when its last promise is kept. */
  function removeLeft(): Promise<void> {
    return store.transaction(tables => tables.instances.removeLeft())
  }

  function claim(instanceId: string, which?: 'open'): Promise<readonly ClaimedExpiry[]> {
    const limit = parts.links * TOGETHER
    return store.transaction(async tables => {
      const now = await tables.now()
      return tables.expiries.claim(instanceId, parts.worker, now, now + LEASE_MS, limit, which)
    })
  }

  /** As many at a time as there are links, and at most `together` on each: few are spread over all. */
  async function inLanes(claimed: readonly ClaimedExpiry[], together: number, work: Work): Promise<void> {
    const size = claimed.length <= FEW_PER_LINK * parts.links ? 1 : together
    const left = [...claimed]
    const lane = async () => {
      for (let next = left.splice(0, size); next.length > 0; next = left.splice(0, size)) {
        if (isOver(next[0]!.instanceId)) await Promise.all(next.map(giveBack))
        else await work(next)
      }
    }
    await Promise.all(Array.from({ length: parts.links }, lane))
  }

  function giveBack(expiry: ClaimedExpiry): Promise<void> {
    const fault = new Fault('unavailable', 'server', 'Its server could not be reached a moment ago')
    return notes.failed(expiry, fault, isStopping ? 0 : AWAY_MS)
  }

  const lockAll: Work = expiries =>
    together(expiries, async signal => {
      await parts.expiring.lockTogether(expiries, signal)
      await notes.shutOut(expiries)
    })

  const dropAll: Work = expiries =>
    together(expiries, async signal => {
      await parts.expiring.dropTogether(expiries, signal)
      for (const expiry of expiries) await notes.gone(expiry)
    })

  /** Where one of them is in the way of the others, each goes alone. */
  async function together(
    expiries: readonly ClaimedExpiry[],
    work: (signal: AbortSignal) => Promise<void>,
  ): Promise<void> {
    if (expiries.length === 1) return carryOutAll(expiries)
    try {
      await work(deadline())
    } catch (error) {
      if (isOutOfReach(error)) await Promise.all(expiries.map(expiry => failed(expiry, error)))
      else await carryOutAll(expiries)
    }
  }

  const deadline = () => AbortSignal.any([ending.signal, AbortSignal.timeout(parts.deadlineMs)])

  const carryOutAll: Work = async expiries => {
    for (const expiry of expiries) await carryOut(expiry)
  }

  async function carryOut(expiry: ClaimedExpiry): Promise<void> {
    try {
      const done = await parts.expiring.expire(expiry, deadline(), () => notes.locked(expiry))
      await notes[done](expiry)
    } catch (error) {
      await failed(expiry, error)
    }
  }

  function failed(expiry: ClaimedExpiry, error: unknown): Promise<void> {
    const fault = toFault(error)
    if (fault.code === 'internal') parts.onFault(error)
    if (isOutOfReach(fault)) restUntil.set(expiry.instanceId, performance.now() + AWAY_MS)
    return notes.failed(expiry, fault, waitAfter(expiry.tries, fault))
  }

  return {
    start: async () => {
      // Whatever is claimed was left behind by a process that is gone.
      if (store.alone) await store.transaction(tables => tables.expiries.release())
      await tick()
      timer = setInterval(tick, TICK_MS)
    },
    stop: async () => {
      clearInterval(timer)
      isStopping = true
      const last = setTimeout(() => ending.abort(new Error('stopping')), LAST_MS)
      await ticking
      await Promise.all(running.values())
      clearTimeout(last)
    },
  }
}

/** Something of its own keeps it, and may still: it would be in the way of others. */
const isHeld = ({ fault }: ClaimedExpiry) => fault?.code === 'in_use'

function waitAfter(tries: number, fault: Fault): number {
  if (isOutOfReach(fault) || isTransient(fault)) return AWAY_MS
  return Math.min(REFUSED_LONGEST_MS, REFUSED_MS * 2 ** Math.min(tries - 1, 10))
}
