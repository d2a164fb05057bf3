/** JSON in the canonical form of the published examples: one line, a space after `,` and `:`, keys sorted, ASCII alone. */
export function writeJson(value: unknown): string {
  return asciiOf(written(value))
}

function written(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`
  if (typeof value === 'object' && value !== null) return writtenMembers(value as Readonly<Record<string, unknown>>)
  return JSON.stringify(value)
}

function writtenMembers(members: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(members).filter(name => members[name] !== undefined)
  return `{${names
    .sort()
    .map(name => `${JSON.stringify(name)}: ${written(members[name])}`)
    .join(', ')}}`
}

// Of the whole text at once: of each of its parts it costs a page of users half of the time that writing it takes.
function asciiOf(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
