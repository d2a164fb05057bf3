import type { FastifyRequest } from 'fastify'
import { Fault } from '../../../domain/fault.ts'
import { checkRight } from '../../../services/access/access.ts'
import type { TroveHttp, TroveParts } from '../context.ts'
import { placeAt } from '../instances/place.ts'
import { NO_RESOURCE, notFound, Refusal } from '../refusals/refusal.ts'
import { pathOf } from '../requests/addresses.ts'
import { lenientDecode } from '../requests/percent.ts'

/** Paths that nobody has, and methods that a path hasn't; the token has been looked at before. */
export function unknownRoutes(http: TroveHttp, parts: TroveParts): void {
  http.setNotFoundHandler(async (request: FastifyRequest) => {
    const allow = http.methodsAt(request.url.split('?')[0] ?? '')
    if (allow.length > 0)
      throw new Fault('method_not_allowed', 'request', 'The method is not allowed for this path.', { allow })
    await checkNotOffered(parts, request)
    throw notFound(NO_RESOURCE)
  })
}

const OF_ACCOUNTS: ReadonlySet<string> = new Set(['mgmt', 'backups', 'configurations', 'modules', 'security-groups'])
const OF_INSTANCES: ReadonlySet<string> = new Set(['backups', 'log', 'configuration', 'modules', 'ssl'])

/** Calls that are published, and that nobody can make here: 501, which clients tell from a path that is wrong. */
async function checkNotOffered(parts: TroveParts, request: FastifyRequest): Promise<void> {
  const [, , , kind = '', instance = '', part = ''] = pathOf(request).split('/')
  const isOfInstance = kind === 'instances' && OF_INSTANCES.has(part)
  if (!isOfInstance && !OF_ACCOUNTS.has(kind)) return
  if (isOfInstance) await placeAt(parts, request, 'read', lenientDecode(instance))
  if (kind === 'mgmt') checkRight(request.caller, request.projectId, 'administer')
  throw new Refusal(501, 'notImplemented', 'The requested method is not implemented.')
}
