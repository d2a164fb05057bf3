import type { Refusal } from '../../engine.ts'
import type { Link } from '../link/link.ts'
import type { ServerState } from '../link/server.ts'
import { canBeThere } from '../names.ts'
import { powerOf } from '../users/power.ts'

/** What the managing login may do with another role. */
export interface Reach {
  readonly oid: string
  readonly name: string
  readonly superuser: boolean
  readonly replication: boolean
  /** It has the role's rights without further ado. */
  readonly usage: boolean
  /** It may act as the role (`set role`). */
  readonly set: boolean
  /** It may give others, and so itself, membership. */
  readonly admin: boolean
  /** From 16 on: as whom it would give itself membership, and what it has of that role by the same hand already. */
  readonly lending: Lending | null
  /** The role by which it has power over the whole server. */
  readonly power: string | null
}

export interface Lending {
  readonly grantor: string
  readonly had: { readonly inherit: boolean; readonly set: boolean } | null
}

// Before 16, CREATEROLE administers every role but superusers; since then it takes the ADMIN option.
const reachQuery = (state: ServerState) => `
select r.oid::text as oid, r.rolname::text as name, r.rolsuper as superuser, r.rolreplication as replication,
  pg_has_role(r.oid, 'usage') as usage, pg_has_role(r.oid, '${state.version >= 160000 ? 'set' : 'member'}') as set,
  pg_has_role(r.oid, 'member with admin option')${adminOfAll(state) ? ' or not r.rolsuper' : ''} as admin,
  ${state.version >= 160000 ? LENDING : 'null'} as lending, ${powerOf('r.oid', state)} as power
from pg_roles r where r.rolname = any($1::name[])`

const adminOfAll = ({ version, me }: ServerState) => version < 160000 && me.createRole

// The ADMIN option may be that of a role whose rights the managing login has: then that role is noted as the grantor.
const LENDING = `(select json_build_object('grantor', pg_get_userbyid(a.member), 'had', (
    select json_build_object('inherit', m.inherit_option, 'set', m.set_option) from pg_auth_members m
    where m.roleid = r.oid and m.grantor = a.member and pg_get_userbyid(m.member) = current_user))
  from pg_auth_members a where a.roleid = r.oid and a.admin_option and pg_has_role(a.member, 'usage')
  order by pg_get_userbyid(a.member) <> current_user, a.member limit 1)`

/** The roles of these names that there are. */
export async function readReach(link: Link, names: readonly string[], signal: AbortSignal): Promise<readonly Reach[]> {
  const asked = [...new Set(names)].filter(canBeThere)
  if (asked.length === 0) return []
  const found = await link.ask<Reach>(signal, reachQuery(link.state), [asked])
  return found.filter(({ name }) => names.includes(name))
}

/** Why the managing login may not alter the role; undefined if it may. */
export function cannotAlter({ version, me }: ServerState, role: Reach): Refusal | undefined {
  if (me.superuser) return undefined
  if (role.superuser) return missingRight(`${role.name} is a superuser: only a superuser may change it`)
  if (!me.createRole) return missingRight('The managing login lacks CREATEROLE, which changing logins needs')
  if (version < 160000 && role.replication) {
    return missingRight(`${role.name} has REPLICATION: before PostgreSQL 16 only a superuser may change it`)
  }
  if (version >= 160000 && !role.admin) {
    return missingRight(`The managing login lacks the ADMIN option on the role ${role.name}`)
  }
  return undefined
}

export function missingRight(message: string): Refusal {
  return { code: 'missing_right', subject: 'server', message }
}
