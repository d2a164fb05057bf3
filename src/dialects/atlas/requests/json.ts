type Members = Readonly<Record<string, unknown>>

/** Compact, names of members in alphabetical order. */
export function writeCompact(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeCompact).join(',')}]`
  if (!isMembers(value)) return JSON.stringify(value)
  return `{${namesIn(value)
    .map(name => `${JSON.stringify(name)}:${writeCompact(value[name])}`)
    .join(',')}}`
}

/** As the hosted API's writer has it: two spaces a level, a space on both sides of each colon, members of arrays on the lines of their brackets. */
export function writePretty(value: unknown, indent = ''): string {
  if (Array.isArray(value)) return value.length === 0 ? '[ ]' : `[ ${inLine(value, indent)} ]`
  if (!isMembers(value)) return JSON.stringify(value)
  const names = namesIn(value)
  if (names.length === 0) return '{ }'
  const deeper = `${indent}  `
  const lines = names.map(name => `${deeper}${JSON.stringify(name)} : ${writePretty(value[name], deeper)}`)
  return `{\n${lines.join(',\n')}\n${indent}}`
}

function inLine(values: readonly unknown[], indent: string): string {
  return values.map(value => writePretty(value, indent)).join(', ')
}

function isMembers(value: unknown): value is Members {
  return typeof value === 'object' && value !== null
}

function namesIn(value: Members): readonly string[] {
  return Object.keys(value)
    .filter(name => value[name] !== undefined)
    .sort()
}
