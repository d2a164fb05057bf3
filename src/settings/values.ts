import { type TSchema, Type } from 'typebox'

/** What the loader reads of a value's schema. */
export type Shape = TSchema & {
  readonly type?: string
  readonly description?: string
  readonly right?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly form?: 'networks' | 'reach' | 'hosts' | 'ports' | 'url' | 'store'
  readonly from?: 'start' | 'variable'
}

/** Each value's `description` and `right` (what a right value looks like) are what `--help` and the messages say. */
export const text = (description: string, more: object = {}) =>
  Type.String({ description, minLength: 1, right: 'a text', ...more })

export const number = (description: string, minimum: number, maximum: number, initial: number) =>
  Type.Integer({
    description,
    minimum,
    maximum,
    default: initial,
    right: `a whole number from ${minimum} to ${maximum}`,
  })

export const yesNo = (description: string, initial?: boolean) =>
  Type.Boolean({ description, right: 'true or false', ...(initial !== undefined && { default: initial }) })

export const oneOf = <const T extends string>(description: string, values: readonly T[], more: object = {}) =>
  Type.Unsafe<T>(Type.Enum([...values], { description, right: `one of ${values.join(', ')}`, ...more }))

export const list = (description: string, form: Shape['form'], right: string) =>
  Type.Array(Type.String({ minLength: 1 }), {
    description,
    default: [],
    form,
    right: `${right} (as text: with commas between them)`,
  })

export const networks = (description: string) =>
  list(description, 'networks', 'networks such as 10.0.0.0/8 or 2001:db8::/32')

export const reserved = (description: string) =>
  list(description, undefined, 'names, or beginnings of names that end in *')
