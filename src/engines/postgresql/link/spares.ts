import { Fault } from '../../../domain/fault.ts'
import type { Spare, Spares, Target } from '../../engine.ts'
import { deadlinePassed, inTime } from '../../in-time.ts'
import { quoteText } from '../sql.ts'
import { candidates, connectTo } from './connect.ts'
import { type Link, linkOver } from './link.ts'
import { firstMessage, stateFrom } from './server.ts'
import { type Dial, type DialConfig, type PgSession, type Row, SPARE_NAME } from './session.ts'

/** Whoever can't say its new name in this time is not waited for: a new session is dialled. */
const RENAME_MS = 1_000

/** One attempt's session: a spare that is as good as a new one, or a new one. Closing it leaves it as a spare, where it can be one. */
export async function linkForAttempt(
  dial: Dial,
  target: Target,
  name: string,
  signal: AbortSignal,
  spares?: Spares,
): Promise<Link> {
  if (!spares) return connectTo(dial, target, name, signal)
  const link = (await spareFor(spares, target, name, signal)) ?? (await connectTo(dial, target, name, signal))
  return givenBack(link, spares, signal)
}

/** A spare is used only where a new session would be dialled just so, and tells what it may do now. Any other is closed. */
async function spareFor(spares: Spares, target: Target, name: string, signal: AbortSignal): Promise<Link | undefined> {
  for (let spare = takeFrom(spares); spare; spare = takeFrom(spares)) {
    const config = spare.broken ? undefined : await dialledNow(spare, target, name, signal)
    const link = config && (await renewed(spare, config, target, signal))
    if (link) return link
    void spare.close()
  }
  return undefined
}

const takeFrom = (spares: Spares) => spares.take() as (Spare & Link) | undefined

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

/** The same session under its new name, introduced anew: whether it is a standby, what its login may do, and whether it could log in now. */
async function renewed(
  spare: Link,
  config: DialConfig,
  target: Target,
  signal: AbortSignal,
): Promise<Link | undefined> {
  const { session, state, since } = spare
  const greeting = `${nameSession(config.applicationName)};\nreset role;\n${firstMessage(target.statementTimeoutMs)}`
  const row = (await answered(session, greeting, signal))?.at(-1)
  // Under another name it could not log in either.
  if (!row?.mayLogIn || row.standby || row.name !== state.me.name) return undefined
  return linkOver({ session, config, state: stateFrom(row, state.fingerprint), since }, target)
}

/** The link, closing of which leaves its session as a spare if it can be one. What its attempt asks afterwards is not sent. */
function givenBack(link: Link, spares: Spares, signal: AbortSignal): Link {
  let closing: Promise<void> | undefined
  const ask: Link['ask'] = (...asked) => (closing ? Promise.reject(deadlinePassed()) : link.ask(...asked))
  const close = () => (closing ??= leave(link, spares, signal))
  return Object.create(link, { ask: { value: ask }, close: { value: close } }) as Link
}

async function leave(link: Link, spares: Spares, signal: AbortSignal): Promise<void> {
  const mayStay = link.untroubled && !link.state.standby && !signal.aborted
  if (mayStay && (await answered(link.session, nameSession(SPARE_NAME)))) spares.keep(link)
  else await link.close()
}

const nameSession = (name: string) => `set application_name = ${quoteText(name)}`

/** Undefined where it failed or took too long: then nobody knows what the session has heard. */
async function answered(session: PgSession, text: string, signal?: AbortSignal): Promise<readonly Row[] | undefined> {
  try {
    const answer = session.query(text).then(({ rows }) => rows)
    return await inTime(answer, RENAME_MS, signal)
  } catch {
    return undefined
  }
}
