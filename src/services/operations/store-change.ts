import { AsyncLocalStorage } from 'node:async_hooks'
import type { ClaimedReplay } from '../../store/interface/replays.ts'
import type { Store, Tables } from '../../store/store.ts'
import { needsSoFar } from '../access/needs.ts'
import type { KeptAnswer } from './replays.ts'

interface Answering {
  readonly replay: ClaimedReplay
  readonly toAnswer: (done: never) => KeptAnswer | Promise<KeptAnswer>
  isKept: boolean
}

const answering = new AsyncLocalStorage<Answering>()

/**
 * A change of the store alone. What `work` answers is what the caller is told; if the request has an Idempotency-Key, that answer
 * commits together with the change, so that a crash leaves both or neither.
 */
export function changeStore<T>(store: Pick<Store, 'transaction'>, work: (tables: Tables) => Promise<T>): Promise<T> {
  const asked = answering.getStore()
  return store.transaction(async tables => {
    const done = await work(tables)
    if (asked) await keep(tables, asked, done as never)
    return done
  })
}

async function keep(tables: Tables, asked: Answering, done: never): Promise<void> {
  const needs = needsSoFar()
  await tables.replays.save({ ...asked.replay, answer: { ...(await asked.toAnswer(done)), needs } })
  asked.isKept = true
}

export interface Answered<T> {
  readonly done: T
  /** The answer of `toAnswer` has been kept for a repeat. */
  readonly isKept: boolean
}

/** Runs a change whose answer a repeat may ask for; `toAnswer` gets what the change answers, and may read nothing but that. */
export async function answerWith<T>(
  replay: ClaimedReplay | undefined,
  toAnswer: (done: T) => KeptAnswer | Promise<KeptAnswer>,
  change: () => Promise<T>,
): Promise<Answered<T>> {
  if (!replay) return { done: await change(), isKept: false }
  const asked: Answering = { replay, toAnswer, isKept: false }
  return { done: await answering.run(asked, change), isKept: asked.isKept }
}
