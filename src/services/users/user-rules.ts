import { Fault, type Violation } from '../../domain/fault.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { PolicyInForce } from '../../domain/servers/policy.ts'
import type { NewUser } from '../../domain/users/user.ts'
import type { EngineDescription } from '../../engines/engine.ts'
import type { NewUserWish } from './user-wishes.ts'

/** Throws where the engine has no such setting, or no roles. */
export function checkAble(
  { label, capabilities }: EngineDescription,
  { settings = {}, engineRoles = [] }: Partial<Pick<NewUser, 'settings' | 'engineRoles'>>,
): void {
  const known: readonly string[] = capabilities.settings
  const unknown = Object.keys(settings).filter(name => !known.includes(name))
  if (unknown.length > 0) throw new Fault('unsupported', 'user', `${label} has no setting ${unknown.join(', ')}`)
  if (engineRoles.length > 0 && !capabilities.engineRoles)
    throw new Fault('unsupported', 'user', `${label} has no roles to give`)
}

/** Throws where what a login is granted can't be set as a whole. */
export function checkSetsGrants({ label, capabilities }: EngineDescription): void {
  if (capabilities.userOptions.includes('databaseRoles')) return
  throw new Fault('unsupported', 'user', `${label} sets no grants as a whole: grant and revoke them`)
}

/** What policy gives every new login on the default database, if the caller asked for nothing there. */
export function defaultGrants(instance: Instance, policy: PolicyInForce, wish: NewUserWish) {
  const database = instance.defaultDatabase
  if (policy.newUserGrants === 'none' || !database || wish.exactly) return []
  if (wish.grants.some(grant => grant.database === database)) return []
  return [{ role: policy.newUserGrants, database }]
}

export function checkPassword(password: Secret, { minPasswordLength }: PolicyInForce): void {
  const violations = violationsOfPassword(password, minPasswordLength)
  if (violations.length > 0) throw new Fault('invalid', 'user', 'The password is not acceptable', { violations })
}

function violationsOfPassword(password: Secret, shortest: number): Violation[] {
  const { length, isSendable } = password
  if (length < shortest)
    return [{ pointer: '/password', detail: `has ${length} characters; policy wants at least ${shortest}` }]
  if (length <= 1024 && isSendable) return []
  return [{ pointer: '/password', detail: 'must have at most 1024 characters, no NUL, and no half of a character' }]
}
