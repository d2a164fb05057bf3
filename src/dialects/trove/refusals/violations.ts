import type { TLocalizedValidationError } from 'typebox/error'
import type { SchemaViolations } from '../../validation.ts'

/** More than this helps nobody. */
const MOST = 5

/** `Validation error: users[0] 'password' is a required property`: places and names, never a value. */
export function validationError({ errors }: SchemaViolations): string {
  const words = [...new Set(errors.flatMap(wordsFor))]
  return `Validation error: ${words.slice(0, MOST).join('; ')}`
}

function wordsFor(error: TLocalizedValidationError): readonly string[] {
  const place = placeOf(error.instancePath)
  const prefix = place === '' ? '' : `${place} `
  if (error.keyword === 'required')
    return error.params.requiredProperties.map(name => `${prefix}'${name}' is a required property`)
  if (error.keyword === 'pattern') return [`${prefix}needs a letter or a digit`]
  return [`${place === '' ? 'the body ' : prefix}${error.message}`]
}

/** `/users/0/name` as `users[0].name`. */
function placeOf(pointer: string): string {
  const parts = pointer.split('/').slice(1)
  return parts.reduce((place, part) => {
    if (/^\d+$/.test(part)) return `${place}[${part}]`
    return place === '' ? part : `${place}.${part}`
  }, '')
}
