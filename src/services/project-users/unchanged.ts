import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, isFault } from '../../domain/fault.ts'
import { userKeyText } from '../../domain/users/user.ts'
import type { ProjectRecord } from '../../store/project-record.ts'
import type { Tables } from '../../store/store.ts'
import { type Known, pendingOn } from './known.ts'

/** What was read before a change was made of it. */
export type AsRead = Pick<ProjectRecord, 'projectId' | 'kind' | 'key'> & Partial<ProjectRecord>

/** In the transaction that writes a change: throws unless the record that it came from is as it was. What is left out of it may be anything. */
export async function checkUnchanged(tables: Tables, was: AsRead): Promise<void> {
  const is = await tables.projectRecords.find(was.projectId, was.kind, was.key)
  if (!is || !isSame(is.current, was.current)) throw lost()
  if ('places' in was && !isSame(is.places, was.places)) throw lost()
}

/** That very record, made then and not anew, with that password. */
export async function checkSameRecord(tables: Tables, was: ProjectRecord): Promise<void> {
  await checkUnchanged(tables, was)
  const is = await tables.projectRecords.find(was.projectId, was.kind, was.key)
  const hasPassword = was.password ? is?.password?.isSame(was.password) : !is?.password
  if (is?.createdAt !== was.createdAt || !hasPassword) throw lost()
}

/** Before a new one begins: nobody else made one of its name since `before` was read. */
export async function checkNotMade(
  tables: Tables,
  named: Pick<ProjectRecord, 'projectId' | 'kind' | 'key'>,
  before: ProjectRecord | undefined,
): Promise<void> {
  const is = await tables.projectRecords.hold(named)
  if (is?.createdAt !== before?.createdAt || !isSame(is?.current, before?.current)) throw lost()
}

/** Nothing began meanwhile on servers that the change does not touch. */
export async function checkNothingComes(tables: Tables, known: Known, touched: readonly string[]): Promise<void> {
  const others = known.clusters.filter(({ instance }) => !touched.includes(instance.id))
  for (const [id, { operationId }] of await pendingOn(tables, others, userKeyText(known.key)))
    if (known.pending.get(id)?.operationId !== operationId) throw lost()
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other)

/** Another change came first: what this one was made from is not so any more. */
export function lost(): Fault {
  return new Fault('conflict', 'request', 'It was changed meanwhile: try again', { retryAfterSeconds: 1 })
}

/** As long as any other change waits for one of the same subject. */
const LONGEST_MS = 5_000
const PAUSE_MS = 50

/** Whoever lost looks again, and makes the change of what there is by then. */
export async function untilWon<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  for (const until = performance.now() + LONGEST_MS; ; await sleep(PAUSE_MS)) {
    try {
      return await work()
    } catch (error) {
      const isLost = isFault(error) && error.code === 'conflict' && error.subject === 'request'
      if (!isLost || signal.aborted || performance.now() > until) throw error
    }
  }
}
