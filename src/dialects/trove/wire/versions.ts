import { Type } from 'typebox'
import { Link } from './common.ts'

export const ApiVersionBody = Type.Object(
  { id: Type.String(), links: Type.Array(Link), status: Type.String(), updated: Type.String() },
  { $id: 'ApiVersion' },
)

export const OneApiVersion = Type.Object({ version: Type.Unsafe({ $ref: 'ApiVersion#' }) })

/** The one version that there is, as both documents show it. */
export function apiVersion(base: string) {
  return {
    id: 'v1.0',
    links: [{ href: `${base}/v1.0/`, rel: 'self' }],
    status: 'CURRENT',
    updated: '2012-08-01T00:00:00Z',
  }
}
