import type { Need } from '../../domain/callers/need.ts'

/** `Idempotency-Key`s and other replays: a request that may come again. */
export interface Replay {
  readonly keyId: string
  /** The caller's text, or a dialect's own (`digitalocean POST /v2/...`). */
  readonly replayKey: string
  /** Keyed hash of the whole request. */
  readonly requestHash: string
  readonly operationId?: string
  /** Sealed: the finished answer as it was sent. */
  readonly answer?: {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    /** What its caller has to have still, to get it again. */
    readonly needs?: readonly Need[]
  }
  readonly until: number
}

/** A replay in the hands of the request that claimed its key. */
export interface ClaimedReplay extends Replay {
  /** The `until` of the row when the key was claimed. A key can be claimed anew only after that, so a later claim is told by a later one. */
  readonly claim: number
}

export interface Replays {
  /** Keyed hash of a request, so that the store keeps no password. */
  hash(text: string): string
  find(keyId: string, replayKey: string, now: number): Promise<Replay | undefined>
  /** Throws `exists` when the key is taken and still valid. */
  add(replay: Replay): Promise<void>
  /** Keeps the answer, or which operation will have it. Throws `conflict request` when another request has claimed the key since. */
  save(replay: ClaimedReplay): Promise<void>
  /** Leaves the row alone when another request has claimed the key since, or an operation has begun that `replay` doesn't know of. */
  remove(replay: ClaimedReplay): Promise<void>
  /** Frees every key whose request has changed nothing yet: only for the start of a process that has its store alone. */
  removeUnfinished(): Promise<void>
}
