import type { FastifyReply, FastifyRequest } from 'fastify'
import { type AtlasParts, generationOf } from '../context.ts'
import { refusal } from '../refusals/refusal.ts'

/** The first version of everything, and all that there is of most. */
export const FIRST = '2023-01-01'

/** Dates on which some resource of the hosted API got a version: no other date is one. */
const RELEASES: ReadonlySet<string> = new Set([
  FIRST,
  '2023-02-01',
  '2023-10-01',
  '2023-11-15',
  '2024-05-30',
  '2024-08-05',
  '2024-10-23',
  '2024-11-13',
  '2025-02-19',
  '2025-03-12',
])

/** What the legacy generations are equal to, date by date. */
const LEGACY = { 'v1.0': FIRST, 'v1.5': '2023-02-01' } as const

/** A hook: which version of the resource is answered, and under which type. */
export async function negotiate(parts: AtlasParts, request: FastifyRequest, reply: FastifyReply): Promise<void> {
  if (request.is404) return
  const generation = generationOf(request)
  const { versions = [FIRST] } = request.routeOptions.config
  if (generation !== 'v2') {
    request.resourceVersion = LEGACY[generation]
    return
  }
  request.resourceVersion = versionFor(versions, askedFor(parts, request))
  if (parts.rules.withdrawnVersions.includes(request.resourceVersion)) throw refusal('VERSION_GONE')
  reply.type(`application/vnd.atlas.${request.resourceVersion}+json;charset=utf-8`)
  if (request.resourceVersion !== versions.at(-1)) deprecate(reply, versions, request.resourceVersion)
}

/** The date that the caller asks for; undefined: none that there is. */
function askedFor({ rules }: AtlasParts, { headers }: FastifyRequest): string | undefined {
  const types = (headers.accept ?? '').split(',').map(type => type.split(';')[0]!.trim().toLowerCase())
  const own = types.find(type => type.startsWith('application/vnd.atlas.'))
  if (own !== undefined) return /^application\/vnd\.atlas\.([\d-]+)\+json$/.exec(own)?.[1]
  return rules.acceptUnversioned ? FIRST : undefined
}

/** The newest that is not later than the date asked for. */
function versionFor(versions: readonly string[], asked: string | undefined): string {
  const found = asked !== undefined && RELEASES.has(asked) && versions.findLast(version => version <= asked)
  if (!found) throw refusal('INVALID_VERSION_DATE')
  return found
}

/** When Rolecall ends the older versions at the earliest: clients that warn want a date. */
const SUNSET = new Date('2035-01-01T00:00:00Z').toUTCString()

/** Old since the next one came. */
function deprecate(reply: FastifyReply, versions: readonly string[], version: string): void {
  const next = versions[versions.indexOf(version) + 1]!
  reply.header('deprecation', new Date(next).toUTCString()).header('sunset', SUNSET)
}
