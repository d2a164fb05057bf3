import { Type } from 'typebox'
import { ref } from '../../request.ts'

export const ErrorBody = Type.Object(
  {
    id: Type.String({ description: 'A short name of what went wrong' }),
    message: Type.String({ description: 'What went wrong, for people' }),
    request_id: Type.Optional(Type.String({ description: 'As in the header `x-request-id`; always there' })),
  },
  { $id: 'Error' },
)

const DESCRIPTIONS = {
  400: 'The body is not one JSON object, or the query can not be decoded',
  401: 'No token, or none that is known here',
  403: 'The token lacks the scope or the role, or the server is only observed',
  404: 'No such cluster, user or database',
  409: 'Another change of the same object is in flight',
  412: 'The connection now leads to another server than before',
  413: 'The body is larger than this server takes',
  422: 'It can be read, and is not acceptable; or the engine does not have this operation',
  429: 'Too many requests',
  500: 'A defect here; the log has it under the request id',
  503: 'The managed server did not answer in time',
} as const

const OF_ALL = [401, 403, 429, 500, 503] as const

/** The error answers of an operation; some are everybody's. */
export function refusals(...statuses: readonly (keyof typeof DESCRIPTIONS)[]) {
  const named = [...OF_ALL, ...statuses].map(status => [
    status,
    { description: DESCRIPTIONS[status], content: { 'application/json': { schema: ref(ErrorBody) } } },
  ])
  return Object.fromEntries(named)
}

/** For an operation that the published API has, and no cluster here. */
export const never = { '2xx': { description: 'Never' } }

/** Of a read on a cluster's server. */
export const readRefusals = refusals(400, 404, 422)

/** Of a change on a cluster's server. */
export const changeRefusals = refusals(400, 404, 409, 412, 413, 422)
