import type { TSchema } from 'typebox'
import { type JsonType, jsonTypeOf } from './json-type.ts'

type TypeName = 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean'

/** What we read of a schema: those of this dialect's bodies have nothing else in them. */
export interface Shape {
  readonly $id?: string
  readonly $ref?: string
  /** A list: or null. */
  readonly type?: TypeName | readonly [TypeName, 'null']
  readonly allOf?: readonly Shape[]
  readonly properties?: Readonly<Record<string, Shape>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly items?: Shape
  readonly enum?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly pattern?: string
}

/** One thing wrong with a body: a whole sentence, and where it lies. */
export interface Wrong {
  readonly pointer: string
  readonly detail: string
}

/** Schemas by the name that `$ref` calls them. */
export type Named = ReadonlyMap<string, TSchema>

/** A field of an object: the parts of an `allOf` are laid side by side, in their order. */
interface Field {
  readonly name: string
  readonly shape: Shape
  readonly required: boolean
}

export function resolved(shape: Shape, named: Named): Shape {
  return shape.$ref === undefined ? shape : (named.get(shape.$ref.replace('#', '')) as Shape)
}

export function fieldsOf(shape: Shape, named: Named): readonly Field[] {
  const { allOf = [], properties = {}, required = [] } = resolved(shape, named)
  const own = Object.entries(properties).map(([name, one]) => ({
    name,
    shape: resolved(one, named),
    required: required.includes(name),
  }))
  return [...allOf.flatMap(part => fieldsOf(part, named)), ...own]
}

function typeNameOf({ type, enum: values }: Shape): JsonType {
  const name = Array.isArray(type) ? type[0] : type
  if (name === 'integer') return 'number'
  return name ?? (values ? 'string' : 'object')
}

/** What is missing or of another JSON type than it must be, in field order. */
export function wrongTypesIn(shape: Shape, value: unknown, named: Named, pointer = ''): readonly Wrong[] {
  if (value === null && Array.isArray(shape.type)) return []
  const wanted = typeNameOf(shape)
  if (jsonTypeOf(value) !== wanted) return [{ pointer, detail: otherType(pointer, value, wanted) }]
  if (Array.isArray(value)) {
    return value.flatMap((item, at) => wrongTypesIn(resolved(shape.items!, named), item, named, `${pointer}/${at}`))
  }
  if (wanted !== 'object') return []
  return fieldsOf(shape, named).flatMap(field => wrongField(field, value as object, named, pointer))
}

function wrongField({ name, shape, required }: Field, value: object, named: Named, above: string): readonly Wrong[] {
  const pointer = pointerTo(above, name)
  if (Object.hasOwn(value, name)) return wrongTypesIn(shape, value[name as keyof object], named, pointer)
  if (!required) return []
  const type = typeNameOf(shape)
  return [{ pointer, detail: `json pointer ${pointer} not present; it is required and must have json type ${type}` }]
}

function otherType(pointer: string, value: unknown, wanted: JsonType): string {
  const what = pointer === '' ? 'json document' : `json pointer ${pointer}`
  return `${what} has json type ${jsonTypeOf(value)}; it must have json type ${wanted}`
}

/** RFC 6901. */
export function pointerTo(above: string, name: string): string {
  return `${above}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
