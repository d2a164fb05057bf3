import { setTimeout as sleep } from 'node:timers/promises'
import type { Caller } from '../../domain/callers/caller.ts'
import { Fault, isFault } from '../../domain/fault.ts'
import type { Operation, TargetOutcome } from '../../domain/operations/operation.ts'
import { rightFor } from '../../domain/users/change.ts'
import type { ClaimedReplay, Replay } from '../../store/interface/replays.ts'
import type { Store } from '../../store/store.ts'
import { checkRight, findOperation, hasRight } from '../access/access.ts'
import { checkNeeds } from '../access/still-allowed.ts'

export type { ClaimedReplay }

/** A finished answer, as it was sent. */
export type KeptAnswer = NonNullable<Replay['answer']>

/** What a request with a replay key turns out to be. */
export type ReplayState =
  | { readonly kind: 'new'; readonly replay: ClaimedReplay }
  | { readonly kind: 'answered'; readonly replay: ClaimedReplay; readonly answer: KeptAnswer }
  /** Its process died after the change settled and before the answer was kept. */
  | {
      readonly kind: 'settled'
      readonly replay: ClaimedReplay
      readonly operation: Operation
      readonly outcomes: readonly TargetOutcome[]
    }

/** Requests that may come again, and get the first one's outcome. */
export interface Replays {
  /** Finds out what a request is; waits for a first one that still runs. Throws `idempotency_mismatch` when the same key came with another request. */
  begin(caller: Caller, replayKey: string, request: string, signal: AbortSignal, keptMs?: number): Promise<ReplayState>
  /** Keyed, for callers that send no key of their own: the same text, the same hash. */
  hash(text: string): string
  /** Keeps what was answered, unless a later request with the key has taken over. */
  keep(replay: ClaimedReplay, answer: KeptAnswer): Promise<void>
  /** There was no answer worth keeping: a repeat is a new request. */
  forget(replay: ClaimedReplay): Promise<void>
}

/** Answers are kept this long, where nobody says otherwise. */
const KEPT_MS = 24 * 3_600_000

/** A request that has neither changed anything nor answered by then died with its process, or is as good as dead: its change is refused. */
const RUNNING_MS = 30_000

export function createReplays(store: Store): Replays {
  async function begin(
    caller: Caller,
    replayKey: string,
    request: string,
    signal: AbortSignal,
    keptMs = KEPT_MS,
  ): Promise<ReplayState> {
    const keyId = caller.key.id
    const requestHash = store.read.replays.hash(request)
    while (true) {
      const now = await store.now()
      const known = await store.read.replays.find(keyId, replayKey, now)
      const replay = { keyId, replayKey, requestHash, until: now + RUNNING_MS }
      if (!known) {
        if (await claim(replay)) return { kind: 'new', replay: { ...replay, claim: replay.until, until: now + keptMs } }
        continue
      }
      const state = await stateOf(known, requestHash)
      if (state === 'never-happened') {
        await forget(asClaimed(known))
        continue
      }
      if (state) await checkStillAllowed(caller, known)
      if (state) return asAllowed(caller, state)
      if (signal.aborted)
        throw new Fault('conflict', 'request', 'The first request with this key is still running', {
          retryAfterSeconds: 5,
        })
      await sleep(50)
    }
  }

  /** A right that was taken away, or a server that is hidden by now, closes yesterday's answers too. */
  async function checkStillAllowed(caller: Caller, { operationId, answer }: Replay): Promise<void> {
    if (operationId === undefined) return checkNeeds(store.read, caller, answer?.needs ?? [])
    const operation = await findOperation(store.read, caller, operationId)
    if (!operation) throw new Fault('not_found', 'operation', `No operation ${operationId}`)
    for (const { kind } of operation.targets) checkRight(caller, operation.projectId, rightFor(kind))
  }

  async function claim(replay: Replay): Promise<boolean> {
    try {
      await store.transaction(tables => tables.replays.add(replay))
      return true
    } catch (error) {
      if (isFault(error) && error.code === 'exists') return false
      throw error
    }
  }

  /** Undefined: it still runs. An interrupted one that changed nothing was never answered: the repeat is the first. */
  async function stateOf(known: Replay, requestHash: string): Promise<ReplayState | 'never-happened' | undefined> {
    if (known.requestHash !== requestHash)
      throw new Fault('idempotency_mismatch', 'request', 'This Idempotency-Key came with another request before')
    if (known.answer) return { kind: 'answered', replay: asClaimed(known), answer: known.answer }
    const operation = known.operationId ? await store.read.operations.find(known.operationId) : undefined
    if (operation?.abandonedBy !== undefined) throw givenUp(operation)
    if (operation?.state === 'undone' || isPartly(operation)) return 'never-happened'
    if (operation?.state !== 'settled') return undefined
    const outcomes = await store.read.operations.outcomes(operation.id)
    // Its first answer may have gone out meanwhile, and the password with it: then the answer has been kept before.
    const { answer } = (await store.read.replays.find(known.keyId, known.replayKey, known.until - 1)) ?? {}
    if (answer) return { kind: 'answered', replay: asClaimed(known), answer }
    return outcomes && { kind: 'settled', replay: asClaimed(known), operation, outcomes }
  }

  async function keep(replay: ClaimedReplay, answer: KeptAnswer): Promise<void> {
    try {
      await store.transaction(tables => tables.replays.save({ ...replay, answer }))
    } catch (error) {
      if (!isFault(error) || error.code !== 'conflict') throw error
    }
  }

  function forget(replay: ClaimedReplay): Promise<void> {
    return store.transaction(tables => tables.replays.remove(replay))
  }

  return { begin, hash: text => store.read.replays.hash(text), keep, forget }
}

/** Its caller was told why: there is no answer that a repeat could be given. */
function isPartly(operation: Operation | undefined): boolean {
  return operation?.state === 'settled' && operation.targets.some(({ outcome }) => outcome === undefined)
}

/** Nobody knows how far it came: whoever wants it made after all says so with another key. */
function givenUp({ id }: Operation): Fault {
  const words =
    'The first request with this key was abandoned by an administrator; send it with another key to make it anew'
  return new Fault('conflict', 'operation', words, { operationId: id })
}

/** The first answer had no password for a key that may not read one; nor has this. */
function asAllowed(caller: Caller, state: ReplayState): ReplayState {
  if (state.kind !== 'settled' || hasRight(caller, state.operation.projectId, 'recall')) return state
  return { ...state, outcomes: state.outcomes.map(({ user }) => ({ user })) }
}

/** In the hands of whoever read it last. */
function asClaimed(replay: Replay): ClaimedReplay {
  return { ...replay, claim: replay.until }
}
