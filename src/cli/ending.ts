import { type Fault, isFault } from '../domain/fault.ts'
import { StoreProblem, type StoreProblemKind } from '../store/problem.ts'
import { type ExitName, Problem } from './exit-codes.ts'

/** How the command ends after an error: under which exit code, and what it says. */
export interface Ending {
  readonly exit: ExitName
  readonly words: string
}

const STORE_PROBLEMS: Readonly<Record<StoreProblemKind, ExitName>> = {
  'master-key-missing': 'masterKeyMissing',
  'master-key-wrong': 'masterKeyWrong',
  'master-key-malformed': 'masterKeyWrong',
  'folder-in-use': 'folderHeld',
  'folder-unwritable': 'folderUnwritable',
  unreachable: 'storeUnreachable',
  forbidden: 'storeUnreachable',
  'newer-schema': 'newerSchema',
  damaged: 'storeDamaged',
  refused: 'refused',
}

export function endingOf(error: unknown): Ending {
  if (error instanceof Problem) return { exit: error.exit, words: `${error.message}\n  ${error.remedy}` }
  if (error instanceof StoreProblem) return { exit: STORE_PROBLEMS[error.kind], words: error.message }
  if (isFault(error)) return { exit: isStoreAway(error) ? 'storeUnreachable' : 'refused', words: error.message }
  return { exit: 'failed', words: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

function isStoreAway({ code, subject }: Fault): boolean {
  return code === 'unavailable' && subject === 'store'
}
