import type { FastifySchemaCompiler, FastifyTypeProvider } from 'fastify'
import { IsOptional, type Static, type TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import type { TLocalizedValidationError } from 'typebox/error'
import { Value } from 'typebox/value'
import type { Violation } from '../domain/fault.ts'

/** Types of bodies, queries and parameters come from their schemas; answers are typed by the wire functions that make them. */
export interface RequestTypes extends FastifyTypeProvider {
  readonly validator: this['schema'] extends TSchema ? Static<this['schema']> : unknown
  readonly serializer: unknown
}

/** What a schema found wrong, as it found it; each dialect has its own words for it. */
export class SchemaViolations extends Error {
  readonly part: string
  readonly errors: readonly TLocalizedValidationError[]

  constructor(part: string, errors: readonly TLocalizedValidationError[]) {
    super('schema violations')
    this.part = part
    this.errors = errors
  }
}

/** Compiles a route's schema when its first request comes, not at start. Query parameters are texts, so they are converted first; bodies never are. */
export const compileLazily: FastifySchemaCompiler<TSchema> = ({ schema, httpPart = 'body' }) => {
  let compiled: ReturnType<typeof Compile> | undefined
  return (raw: unknown) => {
    if ((raw === undefined || raw === null) && IsOptional(schema)) return { value: undefined }
    compiled ??= Compile(schema)
    const value = httpPart === 'querystring' ? Value.Convert(schema, raw) : raw
    if (compiled.Check(value)) return { value }
    return { error: new SchemaViolations(httpPart, compiled.Errors(value)) }
  }
}

/** Plain words for what a schema found; pointers are RFC 6901 into the body, or `?name`. */
export function toViolations({ part, errors }: SchemaViolations): readonly Violation[] {
  const found = errors
    .filter(({ keyword }) => keyword !== 'boolean') // Said again by `additionalProperties`.
    .flatMap(error =>
      namesIn(error).map(name => ({ pointer: pointerTo(part, error.instancePath, name), detail: wordsFor(error) })),
    )
  return found.filter((one, at) => found.findIndex(other => other.pointer === one.pointer) === at)
}

/** The members that an error about an object is really about; `undefined`: the value itself. */
function namesIn(error: TLocalizedValidationError): readonly (string | undefined)[] {
  if (error.keyword === 'required') return error.params.requiredProperties
  if (error.keyword === 'additionalProperties') return error.params.additionalProperties
  return [undefined]
}

function pointerTo(part: string, path: string, name?: string): string {
  const whole = name === undefined ? path : `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
  return part === 'body' ? whole : `?${whole.slice(1)}`
}

function wordsFor(error: TLocalizedValidationError): string {
  if (error.keyword === 'required') return 'is required'
  if (error.keyword === 'additionalProperties') return 'is not a field that is known here'
  if (error.keyword === 'enum') return `must be one of ${error.params.allowedValues.join(', ')}`
  return error.message
}
