import type { TLocalizedValidationError } from 'typebox/error'
import { Value } from 'typebox/value'
import type { SchemaViolations } from '../../validation.ts'
import { type BadField, invalidFields, type Refusal, refusal } from './refusal.ts'

/** What a schema found, as the one code that this API has for it: fields that nobody knows first, then types, then what is missing. */
export function refusalFor({ part, errors }: SchemaViolations, body: unknown): Refusal {
  if (part !== 'body') return refusal('INVALID_QUERY_PARAMETER', placeOf(errors[0]?.instancePath ?? ''))
  return unknownIn(errors) ?? wrongTypeIn(errors) ?? missingIn(errors) ?? wrongMemberIn(errors, body) ?? badIn(errors)
}

type Errors = readonly TLocalizedValidationError[]

function unknownIn(errors: Errors): Refusal | undefined {
  const names = errors.flatMap(error =>
    error.keyword === 'additionalProperties'
      ? error.params.additionalProperties.map(name => below(error.instancePath, name))
      : [],
  )
  return names[0] === undefined ? undefined : refusal('INVALID_ATTRIBUTE', names[0])
}

function wrongTypeIn(errors: Errors): Refusal | undefined {
  const error = errors.find(({ keyword }) => keyword === 'type' || keyword === 'anyOf')
  if (!error) return undefined
  const place = placeOf(error.instancePath)
  return place === '' ? refusal('INVALID_JSON') : refusal('INVALID_JSON_ATTRIBUTE', place)
}

function missingIn(errors: Errors): Refusal | undefined {
  const names = errors.flatMap(error =>
    error.keyword === 'required' ? error.params.requiredProperties.map(name => below('', name)) : [],
  )
  const missing = [...new Set(names)]
  if (missing.length === 0) return undefined
  return missing.length === 1 ? refusal('MISSING_ATTRIBUTE', missing[0]!) : refusal('MISSING_ATTRIBUTES', ...missing)
}

/** Fields with an enumeration hold no secrets, so the value may be told. */
function wrongMemberIn(errors: Errors, body: unknown): Refusal | undefined {
  const error = errors.find(({ keyword }) => keyword === 'enum' || keyword === 'const')
  if (!error) return undefined
  const value = Value.Pointer.Get(body, error.instancePath)
  return typeof value === 'string'
    ? refusal('INVALID_ENUM_VALUE', value, placeOf(error.instancePath))
    : refusal('INVALID_JSON_ATTRIBUTE', placeOf(error.instancePath))
}

function badIn(errors: Errors): Refusal {
  const fields = errors
    .filter(({ keyword }) => keyword !== 'boolean')
    .map((error): BadField => ({ field: placeOf(error.instancePath), description: error.message }))
  return invalidFields(...fields)
}

/** `/roles/0/databaseName` as `roles.0.databaseName`. */
const placeOf = (pointer: string): string => pointer.slice(1).replaceAll('/', '.')

const below = (pointer: string, name: string): string => (pointer === '' ? name : `${placeOf(pointer)}.${name}`)
