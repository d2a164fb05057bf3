import { fieldsOf, type Named, pointerTo, resolved, type Shape, type Wrong } from './shape.ts'

/** What has the right type and a value that is not acceptable, in field order. Values are told back where they are a number or a choice: anything else may hold a secret. */
export function wrongValuesIn(shape: Shape, value: unknown, named: Named, pointer = ''): readonly Wrong[] {
  if (Array.isArray(value)) return wrongItems(shape, value, named, pointer)
  if (typeof value === 'object' && value !== null) return wrongMembers(shape, value, named, pointer)
  const reason = reasonAgainst(shape, value)
  return reason ? [{ pointer, detail: `json pointer ${pointer} has ${reason}` }] : []
}

function wrongItems(shape: Shape, value: readonly unknown[], named: Named, pointer: string): readonly Wrong[] {
  const { maxItems = Number.POSITIVE_INFINITY, items } = shape
  if (value.length > maxItems) {
    return [{ pointer, detail: `json pointer ${pointer} has ${value.length} items; it must have at most ${maxItems}` }]
  }
  return value.flatMap((item, at) => wrongValuesIn(resolved(items!, named), item, named, `${pointer}/${at}`))
}

function wrongMembers(shape: Shape, value: object, named: Named, above: string): readonly Wrong[] {
  const fields = fieldsOf(shape, named)
  const known = fields
    .filter(({ name }) => Object.hasOwn(value, name))
    .flatMap(field =>
      wrongValuesIn(field.shape, value[field.name as keyof object], named, pointerTo(above, field.name)),
    )
  if (shape.additionalProperties !== false) return known
  const names = fields.map(({ name }) => name)
  const unknown = Object.keys(value).filter(name => !names.includes(name))
  return [...known, ...unknown.map(name => unknownMember(pointerTo(above, name), names))]
}

function unknownMember(pointer: string, names: readonly string[]): Wrong {
  return { pointer, detail: `json pointer ${pointer} is not known here; known are ${names.join(', ')}` }
}

function reasonAgainst(shape: Shape, value: unknown): string | undefined {
  if (typeof value === 'number') return reasonAgainstNumber(shape, value)
  if (typeof value !== 'string') return undefined
  if (shape.enum) return reasonAgainstChoice(shape.enum, value)
  return reasonAgainstText(shape, [...value].length, value)
}

function reasonAgainstNumber({ type, minimum, maximum }: Shape, value: number): string | undefined {
  const whole = type !== 'integer' || Number.isInteger(value)
  if (whole && value >= (minimum ?? value) && value <= (maximum ?? value)) return undefined
  return `value ${value}; it must be an integer between ${minimum} and ${maximum}`
}

function reasonAgainstChoice(choices: readonly string[], value: string): string | undefined {
  if (choices.includes(value)) return undefined
  return `value ${JSON.stringify(value)}; it must be one of ${choices.join(', ')}`
}

function reasonAgainstText({ minLength = 0, maxLength, pattern }: Shape, length: number, value: string) {
  if (length < minLength || length > (maxLength ?? length)) {
    return `${length} characters; it must have ${minLength} to ${maxLength}`
  }
  if (pattern === undefined || new RegExp(pattern, 'u').test(value)) return undefined
  return `a value that does not match ${pattern}`
}
