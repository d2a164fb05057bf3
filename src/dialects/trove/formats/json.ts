/** JSON in the canonical form of the published examples: one line, a space after `,` and `:`, keys sorted, ASCII alone. */
export function writeJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeJson).join(', ')}]`
  if (typeof value === 'object' && value !== null) return writeObject(value as Readonly<Record<string, unknown>>)
  return asciiOf(JSON.stringify(value))
}

function writeObject(members: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(members).filter(name => members[name] !== undefined)
  const written = names.toSorted().map(name => `${asciiOf(JSON.stringify(name))}: ${writeJson(members[name])}`)
  return `{${written.join(', ')}}`
}

function asciiOf(json: string): string {
  return json.replace(/[\u0080-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
