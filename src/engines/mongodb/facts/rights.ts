import type { Refusal } from '../../engine.ts'
import type { Link } from '../link/link.ts'
import type { Document } from '../link/session.ts'
import type { RoleName } from '../roles/names.ts'

/** What the managing login may do, as far as it matters to us. */
export interface Rights {
  readonly users: boolean
  readonly databases: boolean
  readonly sessions: boolean
}

/** Built-in roles of `admin` that have what we need, and the actions that amount to it in a role that somebody made. */
const NEEDS: Readonly<
  Record<keyof Rights, { readonly roles: readonly string[]; readonly actions: readonly string[] }>
> = {
  users: {
    roles: ['root', '__system', 'userAdminAnyDatabase', 'userAdmin'],
    actions: [
      ...['createUser', 'dropUser', 'changePassword', 'grantRole', 'revokeRole', 'viewUser', 'viewRole'],
      ...['createRole', 'dropRole'],
    ],
  },
  databases: {
    roles: ['root', '__system', 'readWriteAnyDatabase+dbAdminAnyDatabase'],
    actions: ['createCollection', 'dropDatabase', 'listCollections'],
  },
  sessions: { roles: ['root', '__system', 'clusterAdmin', 'hostManager'], actions: ['killAnySession'] },
}

export async function readRights(link: Link, signal: AbortSignal): Promise<Rights> {
  const { authInfo } = await link.ask(signal, 'admin', { connectionStatus: 1, showPrivileges: true })
  return rightsFrom(authInfo ?? {})
}

export function rightsFrom(info: Document): Rights {
  const { authenticatedUsers = [], authenticatedUserRoles = [], authenticatedUserPrivileges = [] } = info
  // Where nobody has to log in, everybody may do everything.
  if (authenticatedUsers.length === 0) return { users: true, databases: true, sessions: true }
  const roles = new Set(
    (authenticatedUserRoles as readonly RoleName[]).filter(({ db }) => db === 'admin').map(({ role }) => role),
  )
  const everywhere = (authenticatedUserPrivileges as readonly Document[]).filter(({ resource }) => isWide(resource))
  const actions = new Set(everywhere.flatMap(privilege => privilege.actions as readonly string[]))
  const has = (need: keyof Rights) =>
    NEEDS[need].roles.some(one => one.split('+').every(role => roles.has(role))) ||
    NEEDS[need].actions.every(action => actions.has(action))
  return { users: has('users'), databases: has('databases'), sessions: has('sessions') }
}

function isWide({ anyResource, cluster, db, collection }: Document): boolean {
  return anyResource === true || cluster === true || (db === '' && collection === '')
}

const WORDS: Readonly<Record<keyof Rights, string>> = {
  users: 'userAdminAnyDatabase on admin: without it logins are neither made, changed nor dropped',
  databases:
    'readWriteAnyDatabase and dbAdminAnyDatabase on admin: without them databases are neither made nor dropped',
  sessions: 'hostManager on admin (killAnySession): without it what a login has under way goes on after it is dropped',
}

/** What the managing login may not do, each in words that say what to give it. */
export function missingRights(rights: Rights): readonly string[] {
  return (Object.keys(WORDS) as (keyof Rights)[]).filter(need => !rights[need]).map(need => WORDS[need])
}

export function missingRight(need: keyof Rights): Refusal {
  return { code: 'missing_right', subject: 'server', message: `The managing login lacks ${WORDS[need]}` }
}
