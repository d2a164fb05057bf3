import { Fault } from '../../domain/fault.ts'
import { Secret } from '../../domain/secret.ts'
import type { Statement } from '../engine.ts'

/** The one way a name gets into a statement. Backslashes are plain in it. */
export function quoteName(name: string): string {
  return `\`${withoutNul(name).replaceAll('`', '``')}\``
}

/** The one way a text gets into a statement that takes no parameters. Sessions pin NO_BACKSLASH_ESCAPES, so backslashes are plain. */
export function quoteText(text: string): string {
  return `'${withoutNul(text).replaceAll("'", "''")}'`
}

/** An account is a name and a host. */
export function quoteAccount({ name, host }: { readonly name: string; readonly host: string }): string {
  return `${quoteText(name)}@${quoteText(host)}`
}

/** A statement that may be shown as it is. */
export function open(shown: string): Statement {
  return { shown }
}

/** A statement of which people see `shown`, while `real` runs. */
export function masked(shown: string, real: string): Statement {
  return { shown, secret: new Secret(real) }
}

// The protocol would carry it, and the server's tables would keep half a name.
function withoutNul(text: string): string {
  if (text.includes('\0')) throw new Fault('invalid', 'request', 'The server takes no NUL character in a name or text')
  return text
}
