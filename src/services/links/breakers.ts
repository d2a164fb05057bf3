import {
  type CircuitBreakerPolicy,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
  isBrokenCircuitError,
} from 'cockatiel'
import { type ConnectFailure, Fault, isFault } from '../../domain/fault.ts'

/** An instance that could not be reached twice in a row is asked again after this long; until then it fails at once. */
const FAIL_FAST_MS = 2_000
const FAILURES = 2

/** What came of the last try to reach a server. */
export interface Contact {
  readonly reachable: boolean
  readonly at: number
}

/** Keeps a dead server from making every request wait for its time-out. */
export interface Breakers {
  run<T>(instanceId: string, work: () => Promise<T>): Promise<T>
  /** What this process saw last; undefined before it tried. */
  lastContact(instanceId: string): Contact | undefined
}

export function createBreakers(): Breakers {
  const breakers = new Map<string, CircuitBreakerPolicy>()
  const contacts = new Map<string, Contact>()

  function breakerOf(instanceId: string): CircuitBreakerPolicy {
    const known = breakers.get(instanceId)
    if (known) return known
    const made = circuitBreaker(handleWhen(isOutOfReach), {
      halfOpenAfter: FAIL_FAST_MS,
      breaker: new ConsecutiveBreaker(FAILURES),
    })
    breakers.set(instanceId, made)
    return made
  }

  async function run<T>(instanceId: string, work: () => Promise<T>): Promise<T> {
    const note = (reachable: boolean) => contacts.set(instanceId, { reachable, at: Date.now() })
    try {
      const done = await breakerOf(instanceId).execute(work)
      note(true)
      return done
    } catch (error) {
      if (!isBrokenCircuitError(error)) {
        if (isOutOfReach(error)) note(false)
        throw error
      }
      throw new Fault(
        'unavailable',
        'server',
        'The server could not be reached a moment ago; it is asked again in a few seconds',
        { reason: 'timeout', retryAfterSeconds: 2 },
      )
    }
  }

  return { run, lastContact: instanceId => contacts.get(instanceId) }
}

/** A statement that waits for a lock is slow, and a refused password is an answer; only a server that can't be reached is dead. */
function isOutOfReach(error: unknown): boolean {
  return isFault(error) && DEAD.has(error.details.reason)
}

const DEAD: ReadonlySet<ConnectFailure | undefined> = new Set(['name', 'refused', 'timeout', 'tls'] as const)
