import { Fault, type FaultCode, type FaultSubject } from '../../../domain/fault.ts'
import { FAULTS } from '../../faults.ts'
import { fromHttpLayer } from '../../http-faults.ts'
import type { AtlasCode } from './codes.ts'
import { Refusal, refusal } from './refusal.ts'

/**
 * A fault of a service in this API's words. What the table of all dialects says of its code is only the last resort: where the code says
 * something else of one subject than of others, it is said here. A route that knows parameters (a username, a cluster's name) catches
 * the fault itself and throws its own refusal.
 */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error
  const fault = fromHttpLayer(error)
  const [, usual] = FAULTS[fault.code].atlas
  const code = OF_SUBJECTS[`${fault.code} ${fault.subject}`] ?? (usual as AtlasCode)
  return new Refusal(code, [], { detail: FIXED.has(code) ? undefined : detailOf(fault), headers: headersOf(fault) })
}

/** What one subject makes of a code. */
const OF_SUBJECTS: Partial<Readonly<Record<`${FaultCode} ${FaultSubject}`, AtlasCode>>> = {
  'forbidden project': 'USER_UNAUTHORIZED',
  'forbidden key': 'USER_UNAUTHORIZED',
  'forbidden operator': 'USER_UNAUTHORIZED',
  'not_found project': 'NOT_IN_GROUP',
  'not_found user': 'USERNAME_NOT_FOUND',
  'not_found instance': 'CLUSTER_NOT_FOUND',
  'not_found role': 'ATLAS_CUSTOM_ROLE_NOT_FOUND',
  'not_found key': 'API_KEY_NOT_FOUND',
  'exists project': 'GROUP_ALREADY_EXISTS',
  'exists role': 'ATLAS_CUSTOM_ROLE_NAME_ALREADY_EXISTS',
  'in_use project': 'CANNOT_CLOSE_GROUP_ACTIVE_ATLAS_CLUSTERS',
}

/** Permissions, and what went wrong here, in words that never change. */
const FIXED: ReadonlySet<AtlasCode> = new Set(['UNEXPECTED_ERROR', 'USER_UNAUTHORIZED', 'NOT_IN_GROUP'])

/** Everything else in the service's own. */
function detailOf({ message, details }: Fault): string {
  const violations = details.violations ?? []
  return violations.length === 0 ? message : `${message}: ${violations.map(({ detail }) => detail).join('; ')}`
}

function headersOf({ details: { allow, retryAfterSeconds } }: Fault): Record<string, string> {
  return {
    ...(allow ? { allow: allow.join(', ') } : {}),
    ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
  }
}

/** A service's refusal of these codes, with parameters that the route knows: `.catch(naming({ not_found: ['USER_NOT_FOUND', name] }))`. */
export function naming(words: Partial<Record<FaultCode, readonly [AtlasCode, ...(string | number)[]]>>) {
  return (error: unknown): never => {
    const own = error instanceof Fault ? words[error.code] : undefined
    throw own ? refusal(...own) : error
  }
}
