import { accessHas } from '../../domain/callers/access.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { type ConnectFailure, Fault, toFault, type Violation } from '../../domain/fault.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Connection, TestRecord } from '../../domain/servers/connection.ts'
import type { EngineName, ServerFacts } from '../../domain/servers/instance.ts'
import type { Engines } from '../../engines/registry.ts'
import type { Store } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'
import { unlessLate } from '../links/patience.ts'
import { createWatch, type ProofSeen } from '../links/server-watch.ts'
import { type Coordinates, passwordBehind, type TargetRules, targetOf } from '../links/targets.ts'
import { violationsOfCoordinates } from './connection-rules.ts'
import type { Connections } from './connections.ts'

export interface TestOutcome {
  readonly outcome: 'SUCCESS' | 'FAILURE'
  /** One of a fixed list; what the driver said goes to the log only. */
  readonly detail?: string
  readonly server?: ServerFacts
  /** Rights that the login lacks; empty when it may do everything. */
  readonly missingRights?: readonly string[]
}

/** Connects, logs in, asks one question, and says in fixed words what failed. */
export interface ConnectionTests {
  /** With the stored secret; writes only `lastTest` and what first contact tells. */
  stored(caller: Caller, id: string, signal: AbortSignal): Promise<TestOutcome>
  /** Coordinates as typed in; nothing is stored. */
  typed(caller: Caller, projectId: string, typed: TypedConnection, signal: AbortSignal): Promise<TestOutcome>
  /** Everything wrong with typed-in values; a denied address is no violation here, but a failure of the test. */
  violationsOf(typed: TypedConnection): readonly Violation[]
}

export type TypedConnection = Coordinates & {
  readonly engine: EngineName
  readonly databaseType: string
  readonly password?: Secret
}

export interface TestParts {
  readonly store: Store
  readonly engines: Engines
  readonly connections: Connections
  readonly rules: TargetRules
  readonly onFailure: (fault: Fault) => void
}

/** At most this many at once, and in a minute, per project: a test opens sockets wherever its caller says. */
const AT_ONCE = 4
const A_MINUTE = 30

export function createConnectionTests(parts: TestParts): ConnectionTests {
  const { store, engines, rules } = parts
  const watch = createWatch(store)
  const turns = createTurns()

  async function stored(caller: Caller, id: string, signal: AbortSignal): Promise<TestOutcome> {
    const { connection, instance, access } = await parts.connections.get(caller, id)
    if (!accessHas(access, 'edit')) checkRight(caller, connection.projectId, 'change')
    const outcome = await attempt(connection.projectId, signal, async () => {
      const seen = await look(
        connection.engine,
        connection,
        await passwordBehind(connection.credential, rules.credentials),
        signal,
      )
      await watch.proved(instance, connection, seen)
      return seen
    })
    await keep(connection, outcome)
    return outcome
  }

  async function typed(
    caller: Caller,
    projectId: string,
    wish: TypedConnection,
    signal: AbortSignal,
  ): Promise<TestOutcome> {
    checkRight(caller, projectId, 'administer')
    const violations = violationsIn(wish)
    if (violations.length > 0)
      throw new Fault('invalid', 'connection', 'The connection is not acceptable', { violations })
    return attempt(projectId, signal, () => look(wish.engine, wish, wish.password, signal))
  }

  function violationsIn(wish: TypedConnection): readonly Violation[] {
    const found = violationsOfCoordinates(wish, engines.get(wish.engine).about, rules.guard)
    return found.filter(({ detail }) => !detail.includes('network policy'))
  }

  async function look(engine: EngineName, coordinates: Coordinates, password: Secret | undefined, signal: AbortSignal) {
    const session = { installation: store.installation, operation: 'test' }
    await using client = await engines.get(engine).open(targetOf(coordinates, password, rules), session, signal)
    const { server, login } = client
    return { server, login, missingRights: await client.missingRights() }
  }

  async function attempt(projectId: string, signal: AbortSignal, work: () => Promise<ProofSeen>): Promise<TestOutcome> {
    const turn = turns.take(projectId)
    // The turn ends with the work, not with the caller's patience: as long as sockets are open, they count.
    const running = work().finally(() => turn[Symbol.dispose]())
    try {
      const { server, missingRights } = await unlessLate(signal, running)
      return { outcome: 'SUCCESS', server, missingRights }
    } catch (error) {
      const fault = toFault(error)
      parts.onFailure(fault)
      return { outcome: 'FAILURE', detail: detailOf(fault) }
    }
  }

  async function keep(connection: Connection, { outcome, detail }: TestOutcome): Promise<void> {
    await store.transaction(async tables => {
      const record: TestRecord = { outcome, detail, at: await tables.now() }
      await tables.connections.setLastTest(connection.id, record)
    })
  }

  return { stored, typed, violationsOf: violationsIn }
}

const DETAILS: Readonly<Record<ConnectFailure, string>> = {
  name: 'The server name could not be resolved.',
  refused: 'The server refused the connection on that port.',
  timeout: 'The connection attempt timed out.',
  tls: 'The TLS handshake with the server failed.',
  certificate: "The server's certificate is not trusted.",
  password: 'Password authentication attempt was rejected.',
  database: 'The database does not exist.',
  rights: 'The login lacks the needed rights.',
  'wrong-server': 'The server is not of the expected kind.',
  policy: "The address is blocked by this server's network policy.",
  credential: 'The stored password can no longer be read.',
}

/** Fixed words for every way a connection fails: banners, addresses and driver texts never reach a caller. */
function detailOf(fault: Fault): string {
  if (fault.code === 'unsupported') return fault.message
  if (fault.code === 'missing_right') return DETAILS.rights
  return DETAILS[fault.details.reason ?? (fault.code === 'timeout' ? 'timeout' : 'wrong-server')]
}

function createTurns(): { take(projectId: string): Disposable } {
  const running = new Map<string, number>()
  const recent = new Map<string, number[]>()

  function take(projectId: string): Disposable {
    const now = Date.now()
    const lastMinute = (recent.get(projectId) ?? []).filter(at => now - at < 60_000)
    const atOnce = running.get(projectId) ?? 0
    if (atOnce >= AT_ONCE) throw tooMany(1)
    if (lastMinute.length >= A_MINUTE) throw tooMany(Math.ceil((60_000 - (now - lastMinute[0]!)) / 1000))
    recent.set(projectId, [...lastMinute, now])
    running.set(projectId, atOnce + 1)
    return { [Symbol.dispose]: () => running.set(projectId, running.get(projectId)! - 1) }
  }

  return { take }
}

function tooMany(retryAfterSeconds: number): Fault {
  return new Fault(
    'rate_limited',
    'connection',
    `Connection tests are limited to ${AT_ONCE} at once and ${A_MINUTE} a minute`,
    { retryAfterSeconds },
  )
}
