/** Pieces that JSON is made of; one of them begins wherever a valid text goes on. */
const PIECE =
  /[ \t\n\r]+|[[\]{},:]|"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\d.])|true|false|null/uy

/** What may come next. */
type Wanted = 'value' | 'value-or-end' | 'name' | 'name-or-end' | 'colon' | 'comma-or-end' | 'nothing'

/** Where a text stops being JSON: line and column, both from 1. The parser's own message quotes the text, and with it passwords. */
export function placeOfMistake(text: string): { readonly line: number; readonly column: number } {
  const before = text.slice(0, offsetOfMistake(text)).split(/\r\n|\r|\n/)
  return { line: before.length, column: [...before.at(-1)!].length + 1 }
}

function offsetOfMistake(text: string): number {
  const open: string[] = []
  let wanted: Wanted = 'value'
  for (let at = 0; at < text.length; ) {
    PIECE.lastIndex = at
    const [piece] = PIECE.exec(text) ?? []
    if (piece === undefined) return at
    const next: Wanted | undefined = /^\s/.test(piece) ? wanted : after(piece, wanted, open)
    if (next === undefined) return at
    wanted = next
    at += piece.length
  }
  return text.length
}

/** What may come after a piece; undefined where the piece itself may not come. `open` are the brackets around it. */
function after(piece: string, wanted: Wanted, open: string[]): Wanted | undefined {
  if (piece === ',') return wanted === 'comma-or-end' ? (open.at(-1) === '{' ? 'name' : 'value') : undefined
  if (piece === ':') return wanted === 'colon' ? 'value' : undefined
  if (piece === '}' || piece === ']') return afterEnd(piece, wanted, open)
  if (wanted === 'name' || wanted === 'name-or-end') return piece.startsWith('"') ? 'colon' : undefined
  if (wanted !== 'value' && wanted !== 'value-or-end') return undefined
  if (piece !== '{' && piece !== '[') return afterValue(open)
  open.push(piece)
  return piece === '{' ? 'name-or-end' : 'value-or-end'
}

function afterEnd(piece: string, wanted: Wanted, open: string[]): Wanted | undefined {
  const mayEnd = wanted === 'comma-or-end' || wanted === (piece === '}' ? 'name-or-end' : 'value-or-end')
  if (!mayEnd || open.at(-1) !== (piece === '}' ? '{' : '[')) return undefined
  open.pop()
  return afterValue(open)
}

function afterValue(open: readonly string[]): Wanted {
  return open.length === 0 ? 'nothing' : 'comma-or-end'
}
