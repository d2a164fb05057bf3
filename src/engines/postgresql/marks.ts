import type { Mark } from '../../domain/users/user.ts'
import type { Statement } from '../engine.ts'
import { open, quoteName, quoteText } from './sql.ts'

/** A mark as it stands on the engine. A login that we locked says so itself, since PostgreSQL can't tell it from a group. */
export interface MarkFound extends Mark {
  readonly locked: boolean
}

/** What the last line of a comment with our mark looks like: the same to the server's regular expressions and to ours. */
export const MARKED = '(^|\\n)\\[rolecall [!-~]+ [!-~]+( locked)?\\]$'

const LAST_LINE = /(?:^|\n)\[rolecall ([!-~]+) ([!-~]+?)( locked)?\]$/

/** Our mark in a comment, wherever the comment came from. */
export function markIn(comment: string | undefined): MarkFound | undefined {
  const found = comment === undefined ? null : LAST_LINE.exec(comment)
  return found ? { installation: found[1]!, operation: found[2]!, locked: found[3] !== undefined } : undefined
}

export function isSameMark(one: Mark | undefined, other: Mark): boolean {
  return one?.installation === other.installation && one.operation === other.operation
}

/** A comment with our mark as its last line. What people wrote stays; the mark of an earlier operation goes. */
export function markedComment(comment: string | undefined, { installation, operation }: Mark, locked = false): string {
  const line = `[rolecall ${installation} ${operation}${locked ? ' locked' : ''}]`
  const theirs = withoutMark(comment)
  return theirs === '' ? line : `${theirs}\n${line}`
}

function withoutMark(comment = ''): string {
  return comment.replace(LAST_LINE, '')
}

export function commentOnRole(role: string, comment: string): Statement {
  return open(`comment on role ${quoteName(role)} is ${quoteText(comment)}`)
}

export function commentOnDatabase(database: string, comment: string): Statement {
  return open(`comment on database ${quoteName(database)} is ${quoteText(comment)}`)
}
