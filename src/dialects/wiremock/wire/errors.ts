import { type Static, Type } from 'typebox'
import { ref } from '../../request.ts'

export const SingleErrorBody = Type.Object(
  {
    title: Type.String(),
    code: Type.Optional(Type.Number()),
    detail: Type.Optional(Type.String()),
    source: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'Where it lies; often empty' })),
  },
  { $id: 'SingleError' },
)

export type SingleError = Static<typeof SingleErrorBody>

const ErrorsBody = Type.Object({ errors: Type.Array(ref(SingleErrorBody)) }, { $id: 'Errors' })

const PlainMessage = Type.Object({ code: Type.Integer(), message: Type.String() }, { $id: 'PlainMessage' })

const ServerError = Type.Object({ code: Type.Number(), message: Type.String() }, { $id: 'ServerError' })

export const errorSchemas = [SingleErrorBody, ErrorsBody, PlainMessage, ServerError]

/** Exactly this, as text. */
export const UNAUTHORIZED = 'Credentials are required to access this resource.'

const DESCRIPTIONS = {
  400: 'A query parameter or the body can not be read',
  403: 'The caller may not do that',
  409: 'Something still uses it',
  422: 'The body can be read, and is not acceptable',
  429: 'Too many of these in a minute, or at once',
} as const

const unauthorized = {
  description: 'No key, or none that is known here',
  content: { 'text/plain': { schema: Type.Literal(UNAUTHORIZED) } },
}

export const errorsOf = (description: string) => ({
  description,
  content: { 'application/json': { schema: ref(ErrorsBody) } },
})
export const plainMessage = (description: string) => ({
  description,
  content: { 'application/json': { schema: ref(PlainMessage) } },
})
const notFound = {
  description: 'No such thing, or none that the caller may see',
  content: { 'application/json': { schema: ref(PlainMessage) } },
}
const serverError = {
  description: 'Our own mistake; the log has it under the id that is told',
  content: { 'application/json': { schema: ref(ServerError) } },
}

/** The error answers of an operation; 401 and 500 are everybody's. */
export function refusals(...statuses: readonly (keyof typeof DESCRIPTIONS | 404)[]) {
  const named = statuses.map(status => [status, status === 404 ? notFound : errorsOf(DESCRIPTIONS[status])])
  return { 401: unauthorized, ...Object.fromEntries(named), 500: serverError }
}
