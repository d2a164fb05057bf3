import type { Statement } from '../../engine.ts'
import type { MysqlFacts } from '../facts/facts.ts'
import { masked, quoteText } from '../sql.ts'
import { HASH_SHOWN } from './hashes.ts'

/** A statement that sets a password, as a hash: its beginning, and what comes after the hash. */
export function withPassword(statement: string, rest: string, { password, state }: MysqlFacts): Statement {
  const { plugin, hash } = password!
  const documents = state.catalogue === 'documents'
  const how = documents ? `identified via ${plugin} using ` : `identified with ${quoteText(plugin)} as `
  const whole = (text: string) => `${statement} ${how}${quoteText(text)}${rest}`
  return masked(whole(HASH_SHOWN[plugin]), whole(hash.reveal()))
}
