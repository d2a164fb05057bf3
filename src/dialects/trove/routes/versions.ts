import type { TroveHttp, TroveParts } from '../context.ts'
import { both } from '../document.ts'
import { baseOf } from '../requests/addresses.ts'
import { ApiVersionBody, apiVersion, OneApiVersion } from '../wire/versions.ts'

export const versionSchemas = [ApiVersionBody]

/** Which API this is: the one question that needs no token. */
export function versionRoutes(http: TroveHttp, parts: TroveParts): void {
  for (const path of ['/v1.0', '/v1.0/'])
    http.get(
      path,
      {
        schema: {
          operationId: 'getApiVersion',
          tags: ['Versions'],
          hide: path !== '/v1.0',
          summary: 'The version of the API',
          security: [],
          response: { 200: both(OneApiVersion, 'The version') },
        },
      },
      async request => ({ version: apiVersion(baseOf(request, parts)) }),
    )
}
