import { toFault } from '../../domain/fault.ts'
import type { Step } from '../engine.ts'
import { type Command, commandIn } from './command.ts'
import { numberBehind, readOnlyFault } from './faults.ts'
import type { Link } from './link/link.ts'
import { isNarrowed } from './roles/narrowed.ts'
import { isHeld } from './roles/usage.ts'

/** What a command answers where there is nothing left to do: who runs it again has what it wants. */
const DONE: Readonly<Record<string, number>> = {
  dropUser: 11,
  dropRole: 31,
  createRole: 51002,
  // Sessions are found by their login: one that was just dropped has none that could do anything.
  killAllSessions: 11,
}

/** Is what the command was to bring about so already, by the number of its error? */
export function isDone(command: Command, number: number | undefined): boolean {
  return number !== undefined && DONE[Object.keys(command)[0]!] === number
}

/** A role on a collection that somebody got since it was to be dropped: with it they would lose it. */
async function isNeeded(link: Link, { dropRole }: Command, signal: AbortSignal): Promise<boolean> {
  const role = { role: String(dropRole), db: 'admin' }
  return dropRole !== undefined && isNarrowed(role) && (await isHeld(link, role, signal))
}

/** A step is one command, and the server carries it out whole or not at all. */
export async function runStep(link: Link, step: Step, signal: AbortSignal): Promise<void> {
  if (link.state.readOnly) throw readOnlyFault()
  const command = commandIn(step)
  if (await isNeeded(link, command, signal)) return
  try {
    await link.ask(signal, step.database ?? 'admin', command)
  } catch (error) {
    if (!isDone(command, numberBehind(toFault(error)))) throw error
  }
}
