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
 * it is run again until it answers none. `onSent`: it has been sent,
 * so what is asked on that link now is answered from what it leaves.
 */
export async function runStep(links: Links, step: Step, onSent: (link: Link) => void = () => {}): Promise<void> {
  if (links.main.state.standby) throw readOnlyFault()
  const text = await messageOf(step.statements)
  const send = (link: Link) => {
    const answer = runOnce(link, step, text, links.signal)
    onSent(link)
    return answer
  }
  await links.within(step.database ?? links.main.state.database, link => untilDone(() => send(link), links.signal))
}

async function untilDone(run: () => Promise<readonly unknown[]>, signal: AbortSignal): Promise<void> {
  const end = performance.now() + PATIENCE_MS
  for (let pause = FIRST_PAUSE_MS; (await run()).length > 0; pause *= 2) {
    if (performance.now() > end) throw deadlinePassed()
    await sleep(Math.min(pause, LONGEST_PAUSE_MS), undefined, { signal }).catch(() => Promise.reject(deadlinePassed()))
  }
}

async function runOnce(link: Link, step: Step, text: string, signal: AbortSignal): Promise<readonly unknown[]> {
  try {
    return await link.ask(signal, text)
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
