import {
  LEFT_TO_RIGHT,
  NOTHINGS,
  PROHIBITED,
  RIGHT_TO_LEFT,
  SPACES,
  type Table,
  UNASSIGNED,
} from './saslprep-tables.ts'

/**
 * A password as PostgreSQL's clients send it: prepared by SASLprep (RFC 4013), or just as it is where SASLprep would refuse it.
 * The server and libpq do the same, and they check what was mapped, not what normalization made of it.
 */
export function preparedPassword(password: string): string {
  if (isAscii(password)) return password
  const mapped = [...password].flatMap(mappedCharacter)
  if (mapped.length === 0 || mapped.some(isRefused) || mixesDirections(mapped)) return password
  return mapped.join('').normalize('NFKC')
}

function mappedCharacter(character: string): readonly string[] {
  if (isIn(SPACES, character)) return [' ']
  return isIn(NOTHINGS, character) ? [] : [character]
}

const isAscii = (text: string) => /^[\0-\x7f]*$/.test(text)

const isRefused = (character: string) => isIn(PROHIBITED, character) || isIn(UNASSIGNED, character)

// RFC 3454 §6: a text with right-to-left characters begins and ends with one, and has none that run the other way.
function mixesDirections(characters: readonly string[]): boolean {
  const rightToLeft = (character: string) => isIn(RIGHT_TO_LEFT, character)
  if (!characters.some(rightToLeft)) return false
  if (characters.some(character => isIn(LEFT_TO_RIGHT, character))) return true
  return !rightToLeft(characters[0]!) || !rightToLeft(characters.at(-1)!)
}

function isIn(table: Table, character: string): boolean {
  const code = character.codePointAt(0)!
  return table.some(([first, last]) => code >= first && code <= last)
}
