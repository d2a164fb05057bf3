import type { Mark } from '../../../domain/users/user.ts'
import type { Step } from '../../engine.ts'
import { borrowing } from '../borrow.ts'
import { inDatabase, type MadeRole, type PostgresFacts } from '../facts/facts.ts'
import { readReach } from '../facts/reach.ts'
import { type Links, withEach } from '../link/links.ts'
import { markedComment } from '../marks.ts'
import { CATALOGUE_PATTERN, isCatalogueRole } from '../names.ts'
import { open, quoteName } from '../sql.ts'
import { OWNED_HERE } from './facts.ts'
import { readForeignGrants } from './foreign-grants.ts'
import { revokes } from './revokes.ts'

const MADE = `
select r.rolname::text as name, b.datname::text as database,
  exists (select from pg_auth_members m where m.roleid = r.oid and m.member::text <> $2 and pg_get_userbyid(m.member) <> current_user)
    or exists (select from pg_shdepend s where s.refclassid = 'pg_authid'::regclass and s.refobjid = r.oid and s.deptype = 'o'
      and s.classid <> 'pg_default_acl'::regclass) as "inUse"
from pg_roles r join pg_shdescription d on d.objoid = r.oid and d.classoid = 'pg_authid'::regclass
left join pg_database b on b.oid = ('x' || substring(r.rolname from '${CATALOGUE_PATTERN}'))::bit(32)::int8::oid
where r.rolname >= 'rolecall_'::name and r.rolname < 'rolecall\`'::name and d.description = $1`

/** Catalogue roles that carry this operation's mark. `roleOid` is the login that they were made for. */
export async function readMadeRoles(
  links: Links,
  mark: Mark,
  roleOid: string | undefined,
): Promise<readonly MadeRole[]> {
  const { main: link, signal } = links
  type Row = Omit<MadeRole, 'reach' | 'grants' | 'database'> & { readonly database: string | null }
  const rows = await link.ask<Row>(signal, MADE, [markedComment(undefined, mark), roleOid ?? '0'])
  const reach = await readReach(
    link,
    rows.map(({ name }) => name),
    signal,
  )
  const made = rows.flatMap(row => {
    const mine = reach.find(({ name }) => name === row.name)
    return mine && isCatalogueRole(row.name)
      ? [{ ...row, database: row.database ?? undefined, reach: mine, grants: [] }]
      : []
  })
  return withEach(made, role => withGrants(links, role))
}

async function withGrants({ within, signal }: Links, role: MadeRole): Promise<MadeRole> {
  const { database, inUse, reach } = role
  if (database === undefined || inUse) return role
  return within(database, async link => ({ ...role, grants: await readForeignGrants(link, reach.oid, true, signal) }))
}

/** Takes back the catalogue roles that nobody has come to use since. */
export function dropMadeRoles(facts: PostgresFacts): readonly Step[] {
  return facts.madeRoles.filter(({ inUse }) => !inUse).map(role => dropMadeRole(role, facts))
}

function dropMadeRole({ name, database, reach, grants }: MadeRole, facts: PostgresFacts): Step {
  const why = 'drop a catalogue role that this operation made'
  const drop = open(`drop role ${quoteName(name)}`)
  if (database === undefined) return { why, statements: [drop] }
  const check = ownsNothing(reach.oid)
  const clean = [...revokes(grants, name), check, open(`drop owned by ${quoteName(name)}`)]
  const rights = borrowing(facts.state, [reach, ...grants.map(({ grantor }) => grantor)], clean)
  return { ...inDatabase(database, facts), why, statements: [...rights, drop] }
}

/** DROP OWNED takes objects as well as rights. So, in the same transaction: nothing if there is an object that nobody gave up. */
export function ownsNothing(roleOid: string) {
  return open(`do $check$ begin
  if exists (select ${OWNED_HERE(String(Number(roleOid)))}) then
    raise exception 'it owns objects in this database' using errcode = '2BP01';
  end if;
end $check$`)
}
