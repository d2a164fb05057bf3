import { setTimeout as sleep } from 'node:timers/promises'
import { Fault, toFault } from '../../domain/fault.ts'
import type { Step } from '../engine.ts'
import { deadlinePassed } from '../in-time.ts'
import { readOnlyFault, stateOf } from './faults.ts'
import type { Link } from './link/link.ts'
import type { Links } from './link/links.ts'
import { messageOf } from './sql.ts'

/** How long sessions that were told to end may take to do so. */
const PATIENCE_MS = 8_000
/** Most are gone within a few milliseconds. */
const FIRST_PAUSE_MS = 5
const LONGEST_PAUSE_MS = 50

/**
 * Runs a step as one message, so as one transaction. A step that answers rows names what is still in its way (sessions that it ended):
 * it is run again until it answers none. Answers how often it was run.
 */
export async function runStep(links: Links, step: Step): Promise<number> {
  if (links.main.state.standby) throw readOnlyFault()
  return links.within(step.database ?? links.main.state.database, link => runUntilDone(link, step, links.signal))
}

async function runUntilDone(link: Link, step: Step, signal: AbortSignal): Promise<number> {
  const end = performance.now() + PATIENCE_MS
  let rounds = 1
  for (let pause = FIRST_PAUSE_MS; (await runOnce(link, step, signal)).length > 0; pause *= 2) {
    rounds++
    if (performance.now() > end) throw deadlinePassed()
    await sleep(Math.min(pause, LONGEST_PAUSE_MS), undefined, { signal }).catch(() => Promise.reject(deadlinePassed()))
  }
  return rounds
}

async function runOnce(link: Link, step: Step, signal: AbortSignal): Promise<readonly unknown[]> {
  try {
    return await link.ask(signal, messageOf(step.statements))
  } catch (error) {
    throw betterFault(error, step)
  }
}

// Two grants that make the same catalogue role at once: the second is right to be tried again.
function betterFault(error: unknown, step: Step): Fault {
  const fault = toFault(error)
  const makesCatalogueRole = step.statements.some(({ shown }) => /^create role .* nologin$/s.test(shown))
  if (stateOf(fault) !== '42710' || !makesCatalogueRole) return fault
  return new Fault('conflict', 'role', 'Another change made the same catalogue role first', {
    cause: fault.details.cause,
  })
}
