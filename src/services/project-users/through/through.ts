import { Fault, isFault } from '../../../domain/fault.ts'
import type { TargetOutcome } from '../../../domain/operations/operation.ts'
import { type Asked, type Preview, prepareMany } from '../../operations/prepared.ts'
import type { PrepareTargets } from '../../users/changes/managed-users.ts'
import { lost, untilWon } from '../unchanged.ts'
import { isOfUsers } from './changes.ts'
import type { Done, Part, ThroughParts } from './part.ts'
import { createSplitting } from './splitting.ts'

/**
 * Changes of logins of one server, for whoever knows nothing of projects: one that is a user of its project is changed as that, wherever
 * it lives. Where none is, they are prepared as ever.
 */
export function createThrough(parts: ThroughParts): PrepareTargets {
  const { links, ledger } = parts
  const split = createSplitting(parts)
  return (asked, instance, targets, finish) => {
    const { capabilities } = links.engineOf(instance).about
    if (capabilities.projectUsers !== true || !targets.some(isOfUsers))
      return prepareMany(ledger, asked, instance, targets, finish)
    const all = () => split(asked, instance, targets)
    const run = async () => {
      const { operationId, outcomes } = await runAll(asked, all)
      return finish(operationId, outcomes)
    }
    return { run, preview: async () => previewAll(await all()) }
  }
}

function runAll({ signal }: Asked, split: () => Promise<readonly Part[]>): Promise<Done> {
  return untilWon(signal, async () => {
    const outcomes: TargetOutcome[] = []
    let operationId: string | undefined
    for (const { positions, prepared } of await split()) {
      const done = await prepared.run().catch(operationId ? onceMore : undefined)
      operationId ??= done.operationId
      for (const [at, position] of positions.entries()) outcomes[position] = done.outcomes[at]!
    }
    return { operationId: operationId!, outcomes }
  })
}

/** What came before it is done, and is not done again. */
function onceMore(error: unknown): never {
  const isLost = isFault(error) && error.code === 'conflict' && error.subject === 'request'
  throw isLost ? new Fault('conflict', 'user', lost().message) : error
}

async function previewAll(parts: readonly Part[]): Promise<Preview> {
  const all: Preview[] = []
  for (const { prepared } of parts) all.push(await prepared.preview())
  return { steps: all.flatMap(({ steps }) => steps), refusals: all.flatMap(({ refusals }) => refusals) }
}
