import { Fault, type FaultSubject } from '../../domain/fault.ts'
import type { NameRule } from '../../engines/engine.ts'

/** Refuses, at birth, a name that clients could not address afterwards: they paste names into addresses as they are. */
export function checkNewName(subject: FaultSubject, name: string, rule: NameRule, reserved: readonly string[]): void {
  const wrong = wrongIn(name) ?? tooLong(name, rule) ?? taken(name, [...rule.reserved, ...reserved])
  if (wrong) throw new Fault('invalid', subject, `name ${wrong}`)
}

function wrongIn(name: string): string | undefined {
  if (name === '') return 'must not be empty'
  if (name === '.' || name === '..') return 'must not be . or ..'
  if (name !== name.trim()) return 'must not start or end with a space'
  if (/[\p{Cc}/\\?#%]/u.test(name)) return 'must not have a control character in it, or any of / \\ ? # %'
  return name.isWellFormed() ? undefined : 'must not have half a character in it'
}

function tooLong(name: string, { maxLength, unit }: NameRule): string | undefined {
  const length = unit === 'bytes' ? Buffer.byteLength(name) : [...name].length
  return length > maxLength ? `must have at most ${maxLength} ${unit}` : undefined
}

function taken(name: string, reserved: readonly string[]): string | undefined {
  return isReserved(name, reserved) ? 'is kept by the engine for itself' : undefined
}

/** Texts, or prefixes that end in `*`. */
export function isReserved(name: string, reserved: readonly string[]): boolean {
  return reserved.some(one => (one.endsWith('*') ? name.startsWith(one.slice(0, -1)) : name === one))
}
