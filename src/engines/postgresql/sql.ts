import { Fault } from '../../domain/fault.ts'
import type { Statement } from '../engine.ts'
import { LateSecret } from './users/late-secret.ts'

/** The one way a name gets into a statement. */
export function quoteName(name: string): string {
  return `"${withoutNul(name).replaceAll('"', '""')}"`
}

/** The one way a text gets into a statement that takes no parameters. Sessions pin `standard_conforming_strings`, so backslashes are plain. */
export function quoteText(text: string): string {
  return `'${withoutNul(text).replaceAll("'", "''")}'`
}

/** A statement that may be shown as it is. */
export function open(shown: string): Statement {
  return { shown }
}

/** What goes to the server: one message, so one transaction. */
export async function messageOf(statements: readonly Statement[]): Promise<string> {
  for (const { secret } of statements) if (secret instanceof LateSecret) await secret.ready
  return statements.map(({ shown, secret }) => secret?.reveal() ?? shown).join(';\n')
}

// The protocol ends a text at NUL: what follows would be lost without a word.
function withoutNul(text: string): string {
  if (text.includes('\0')) throw new Fault('invalid', 'request', 'PostgreSQL takes no NUL character in a name or text')
  return text
}
