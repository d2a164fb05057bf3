import type { Statement, Step } from '../engine.ts'
import { readOnlyFault } from './faults.ts'
import { endUntilGone } from './link/end.ts'
import type { Link } from './link/link.ts'
import { KILL_EACH } from './users/lock.ts'

/** How long sessions that were told to end may take to do so. */
const PATIENCE_MS = 8_000

/**
 * Runs a step. Every statement is in force at once and for good, so a step of several is no transaction: where the server takes them as
 * one message it is sent as one, and done to its end whether or not we live to see it. Half of one shows in the facts.
 */
export async function runStep(link: Link, step: Step, signal: AbortSignal): Promise<void> {
  if (link.state.readOnly) throw readOnlyFault()
  if (step.statements.at(-1)?.shown === KILL_EACH) return endListed(link, step, signal)
  for (const message of messagesOf(step.statements, link)) await link.ask(signal, message)
}

function messagesOf(statements: readonly Statement[], { state }: Link): readonly string[] {
  const texts = statements.map(({ shown, secret }) => secret?.reveal() ?? shown)
  if (texts.length < 2 || !state.compound) return texts
  return [`begin not atomic\n${texts.map(text => `${text};`).join('\n')}\nend`]
}

async function endListed(link: Link, { statements }: Step, signal: AbortSignal): Promise<void> {
  const list = statements[0]!.shown
  const ids = async () => (await link.ask<{ readonly id: number | string }>(signal, list)).map(({ id }) => Number(id))
  await endUntilGone(link, ids, PATIENCE_MS, signal)
}
