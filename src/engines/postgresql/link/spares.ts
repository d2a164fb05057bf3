import { isDeepStrictEqual } from 'node:util'
import { Fault } from '../../../domain/fault.ts'
import type { Spare, Spares, Target } from '../../engine.ts'
import { deadlinePassed, inTime } from '../../in-time.ts'
import { quoteText } from '../sql.ts'
import { candidates, connectTo } from './connect.ts'
import { type Link, linkOver } from './link.ts'
import { INTRODUCE, type ServerState, settingsOf, stateFrom } from './server.ts'
import { type Dial, type DialConfig, type PgSession, type Row, SPARE_NAME } from './session.ts'

/** Whoever can't say its new name in this time is not waited for: a new session is dialled. */
const RENAME_MS = 1_000

/** Asks on a link of which nobody knows yet whether it will be used. */
export type AskEarly = (link: Link) => void

/**
 * One attempt's session: a spare that is as good as a new one, or a new one. Closing it leaves it as a spare, where it can be one.
 * `early` asks on a spare what goes out together with its new name; the answers are good if that very link is answered.
 */
export async function linkForAttempt(
  dial: Dial,
  target: Target,
  name: string,
  signal: AbortSignal,
  spares?: Spares,
  early?: AskEarly,
): Promise<Link> {
  if (!spares) return connectTo(dial, target, name, signal)
  const link = (await spareFor(spares, target, name, signal, early)) ?? (await connectTo(dial, target, name, signal))
  return givenBack(link, spares, signal)
}

/** A spare is used only where a new session would be dialled just so, and tells that it may do what it did. Any other is closed. */
async function spareFor(
  spares: Spares,
  target: Target,
  name: string,
  signal: AbortSignal,
  early?: AskEarly,
): Promise<Link | undefined> {
  for (let spare = takeFrom(spares); spare; spare = takeFrom(spares)) {
    const config = spare.broken ? undefined : await dialledNow(spare, target, name, signal)
    const link = config && (await renewed(spare, config, target, signal, early))
    if (link) return link
    void spare.close()
  }
  return undefined
}

/** Those that nobody has taken. */
const waiting = new WeakSet<object>()

function takeFrom(spares: Spares): (Spare & Link) | undefined {
  const spare = spares.take() as (Spare & Link) | undefined
  if (spare) waiting.delete(spare)
  return spare
}

/** How a new session would be dialled to where the spare leads: names are resolved, and the network guard is asked, once more. */
async function dialledNow(
  spare: Link,
  target: Target,
  applicationName: string,
  signal: AbortSignal,
): Promise<DialConfig | undefined> {
  for await (const one of candidates(target, applicationName, signal)) {
    if (!(one instanceof Fault) && isSameDial(one, spare.config)) return one
  }
  return undefined
}

/** As JSON, since the functions of TLS options are made anew each time: what they do is told by `certificateName`. */
function isSameDial(one: DialConfig, other: DialConfig): boolean {
  const text = (config: DialConfig) => JSON.stringify({ ...config, applicationName: undefined })
  return text(one) === text(other)
}

/**
 * The same session under its new name, introduced anew: whether it is a standby, what its login may do, and whether it could log in now.
 * One that may do other things than before is not used: what was asked early went by those.
 */
async function renewed(
  { session, state: before, since }: Spare & Link,
  config: DialConfig,
  target: Target,
  signal: AbortSignal,
  early?: AskEarly,
): Promise<Link | undefined> {
  const settings = `${nameSession(config.applicationName)};\nreset role;\n${settingsOf(target.statementTimeoutMs)}`
  const greeting = [answered(session, settings, undefined, signal), answered(session, INTRODUCE, [], signal)]
  const link = linkOver({ session, config, state: { ...before, seenAt: Date.now() }, since }, target)
  early?.(link)
  const [set, introduced] = await Promise.all(greeting)
  const row = set && introduced?.[0]
  // Under another name it could not log in either.
  if (!row?.mayLogIn || !isSameState(stateFrom(row, before.fingerprint), before)) return undefined
  return link
}

const isSameState = (one: ServerState, other: ServerState) =>
  isDeepStrictEqual({ ...one, seenAt: 0 }, { ...other, seenAt: 0 })

/** The link, closing of which leaves its session as a spare if it can be one. What its attempt asks afterwards is not sent. */
function givenBack(link: Link, spares: Spares, signal: AbortSignal): Link {
  let closing: Promise<void> | undefined
  const ask: Link['ask'] = (...asked) => (closing ? Promise.reject(deadlinePassed()) : link.ask(...asked))
  const close = () => (closing ??= leave(link, spares, signal))
  return Object.create(link, { ask: { value: ask }, close: { value: close } }) as Link
}

async function leave(link: Link, spares: Spares, signal: AbortSignal): Promise<void> {
  if (!link.untroubled || link.state.standby || signal.aborted) return link.close()
  // Not waited for: whatever its next user says comes after it.
  void answered(link.session, nameSession(SPARE_NAME)).then(done => {
    if (!done && waiting.has(link)) void link.close()
  })
  waiting.add(link)
  spares.keep(link)
}

const nameSession = (name: string) => `set application_name = ${quoteText(name)}`

/** Undefined where it failed or took too long: then nobody knows what the session has heard. */
async function answered(
  session: PgSession,
  text: string,
  values?: readonly unknown[],
  signal?: AbortSignal,
): Promise<readonly Row[] | undefined> {
  try {
    const answer = session.query(text, values).then(({ rows }) => rows)
    return await inTime(answer, RENAME_MS, signal)
  } catch {
    return undefined
  }
}
