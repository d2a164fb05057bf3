import type { CatalogueRole } from '../../../domain/users/grant.ts'
import type { Statement } from '../../engine.ts'
import { canBorrow } from '../borrow.ts'
import type { Reach } from '../facts/reach.ts'
import type { ServerState } from '../link/server.ts'
import { open, quoteName } from '../sql.ts'
import type { GrantDatabase } from './facts.ts'
import { RIGHTS, words } from './rights.ts'

/** May the managing login grant rights on the database as a whole, as it is or as its owner? */
export function mayGrantOn({ mayGrantConnect, ownerReach }: GrantDatabase, state: ServerState): boolean {
  return mayGrantConnect || (ownerReach !== undefined && canBorrow(state, ownerReach))
}

/** `moved`: the database went to the owner role and back to the login, and what that role had on it is gone with that. */
export function grantOnDatabase(
  name: string,
  role: CatalogueRole,
  database: GrantDatabase,
  state: ServerState,
  moved: boolean,
): readonly Statement[] {
  if (!mayGrantOn(database, state) || (hasAll(role, database) && !moved)) return []
  return [open(`grant ${words(RIGHTS[role].database)} on database ${quoteName(database.name)} to ${quoteName(name)}`)]
}

export function hasAll(role: CatalogueRole, { roles }: GrantDatabase): boolean {
  const has = roles.find(one => one.role === role)?.has ?? []
  return RIGHTS[role].database.every(right => has.includes(right))
}

/** Shuts PUBLIC out. Catalogue roles, and the managing login itself, that made do with what PUBLIC has get it by name first. */
export function closeStatements(database: GrantDatabase, state: ServerState): readonly Statement[] {
  const name = quoteName(database.name)
  const connect = closesConnect(database, state) ? [open(`revoke connect on database ${name} from public`)] : []
  const schema = closesSchema(database) ? [open('revoke all on schema public from public')] : []
  const [strangers, all] = [database.roles.filter(({ has }) => !has.includes('CONNECT')), database.roles]
  return [
    ...(connect.length > 0
      ? forRoles(`connect on database ${name}`, database.mayGrantConnect ? strangers : [...strangers, state.me])
      : []),
    ...connect,
    ...(schema.length > 0 ? forRoles('usage on schema public', all) : []),
    ...schema,
  ]
}

function forRoles(right: string, roles: readonly { readonly name: string }[]): readonly Statement[] {
  return roles.length === 0 ? [] : [open(`grant ${right} to ${roles.map(({ name }) => quoteName(name)).join(', ')}`)]
}

function closesConnect(database: GrantDatabase, state: ServerState): boolean {
  return database.publicConnect && mayGrantOn(database, state)
}

function closesSchema({ inside }: GrantDatabase): boolean {
  return inside?.publicSchema.open === true && (inside.publicSchema.mine || publicOwner(inside) !== undefined)
}

const publicOwner = (inside: GrantDatabase['inside']) =>
  inside?.lenders.find(({ oid }) => oid === inside.publicSchema.owner)

/** Whose rights shutting PUBLIC out takes. */
export function toClose(database: GrantDatabase, state: ServerState): readonly (Reach | undefined)[] {
  const connect = closesConnect(database, state) && !database.mayGrantConnect ? [database.ownerReach] : []
  const schema = closesSchema(database) && !database.inside!.publicSchema.mine ? [publicOwner(database.inside)] : []
  return [...connect, ...schema]
}
