import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { isFault } from '../../../domain/fault.ts'
import { type AtlasHttp, type AtlasParts, askedBy } from '../context.ts'
import { naming } from '../refusals/faults.ts'
import { type Refusal, refusal } from '../refusals/refusal.ts'
import { groupWith } from '../requests/places.ts'
import { EXTERNAL } from './rules.ts'

const NewCertificate = Type.Object(
  { monthsUntilExpiration: Type.Optional(Type.Integer({ minimum: 1 })) },
  { additionalProperties: false },
)

const MOST_MONTHS = 24

/** Certificates of managed users. Nobody issues any here, so there are no such users: every one is told that it is none. */
export function certificateRoutes(http: AtlasHttp, parts: AtlasParts): void {
  http.post(
    '/groups/:groupId/databaseUsers/:databaseName/certs',
    {
      onRequest: groupWith(parts, 'create'),
      config: { bucket: 'databaseUsers' },
      // In a document it would be the path of a user.
      schema: {
        hide: true,
        body: NewCertificate,
        params: Type.Object({ groupId: Type.String(), databaseName: Type.String() }),
      },
    },
    async request => {
      const { monthsUntilExpiration: months = 3 } = request.body
      if (months > MOST_MONTHS) throw refusal('CERT_EXPIRY_CANNOT_EXCEED_TWO_YEARS')
      throw await notManaged(parts, request, request.params.databaseName)
    },
  )
}

/** Only one segment names a user there: below the two databases that there are, `certs` is a user's name. */
export async function checkNoCertificates(parts: AtlasParts, request: FastifyRequest): Promise<void> {
  const { databaseName, username } = request.params as { readonly databaseName: string; readonly username: string }
  if (username !== 'certs' || databaseName === 'admin' || databaseName === EXTERNAL) return
  throw await notManaged(parts, request, databaseName)
}

async function notManaged(parts: AtlasParts, request: FastifyRequest, name: string): Promise<Refusal> {
  const { caller, projectId } = request
  const { signal } = askedBy(request, parts)
  const find = (authDatabase: string) =>
    parts.services.projectUsers.get(caller, projectId, { name, authDatabase }, signal)
  await find(EXTERNAL)
    .catch(error => (isMissing(error) ? find('admin') : Promise.reject(error)))
    .catch(naming({ not_found: ['USERNAME_NOT_FOUND', name] }))
  return refusal('USER_NOT_MANAGED_X509', name)
}

const isMissing = (error: unknown): boolean => isFault(error) && error.code === 'not_found'
