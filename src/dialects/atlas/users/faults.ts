import { Fault } from '../../../domain/fault.ts'
import type { AtlasRules } from '../context.ts'
import { Refusal, refusal } from '../refusals/refusal.ts'

/** What the services refuse, in this API's words for users. `missing`: how it calls a user that is not there, which depends on the method. */
export function forUser(
  { limits }: AtlasRules,
  groupId: string,
  username: string,
  missing: 'USERNAME_NOT_FOUND' | 'USER_NOT_FOUND' = 'USERNAME_NOT_FOUND',
) {
  return (error: unknown): never => {
    if (!(error instanceof Fault)) throw error
    const { code, subject, details } = error
    if (details.instances) throw new Refusal('SERVICE_UNAVAILABLE', details.instances, { detail: error.message })
    if (code === 'not_found' && subject === 'instance')
      throw refusal('CLUSTER_NOT_FOUND', details.violations?.[0]?.pointer ?? '', groupId)
    if (code === 'not_found' && subject === 'user') throw refusal(missing, username)
    if (code === 'exists' && subject === 'user') throw refusal('USER_ALREADY_EXISTS', username)
    if (code === 'in_use' && subject === 'user') throw refusal('BLOCKED_USERNAME', username)
    if (code === 'too_large' && subject === 'user') throw refusal('GROUP_USERS_LIMIT_EXCEEDED', limits.users)
    if (code === 'precondition_failed' && subject === 'user') throw refusal('ALREADY_EXPIRED')
    if (code === 'invalid' && details.violations?.some(({ pointer }) => pointer === '/password'))
      throw new Refusal('WEAK_PASSWORD', [], {
        detail: details.violations.map(({ detail }) => `The password ${detail}`).join('; '),
      })
    throw error
  }
}
