/** The name that was probably meant: the one with the fewest letters added, left out or exchanged, if those are few. */
export function nearest(text: string, names: readonly string[]): string | undefined {
  const [first] = names
    .map(name => ({ name, apart: distance(text.toLowerCase(), name.toLowerCase()) }))
    .toSorted((one, other) => one.apart - other.apart)
  return first && first.apart < text.length && first.apart <= Math.max(2, Math.floor(text.length / 3))
    ? first.name
    : undefined
}

/** Levenshtein's, row by row. */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, at) => at)
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1]
    for (let j = 0; j < other.length; j++) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === other[j] ? 0 : 1)))
    }
    row = next
  }
  return row[other.length]!
}
