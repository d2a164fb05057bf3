import type { CatalogueRole } from '../../../domain/users/grant.ts'
import { OWNED_HERE } from '../drop/facts.ts'
import type { Reach } from '../facts/reach.ts'
import type { Link } from '../link/link.ts'
import { type Lacking, readLacking } from './lacking.ts'
import { readLenders } from './lenders.ts'
import { PUBLIC_OWNER, type Wanted } from './things.ts'
import { readUnreachable, type Unreached } from './unreached.ts'

/** What only the database itself can say. */
export interface Inside {
  /** What each wanted catalogue role lacks so far; what it has is left as it is, since every grant writes its object's row anew. */
  readonly lacking: ReadonlyMap<CatalogueRole, Lacking>
  /** What each of them will not reach even then. */
  readonly unreachable: ReadonlyMap<CatalogueRole, Unreached>
  /** Owners of things here whose rights the managing login can take for as long as a step takes. */
  readonly lenders: readonly Reach[]
  /** Does PUBLIC have rights in the schema `public`, and may the managing login take them away. */
  readonly publicSchema: { readonly open: boolean; readonly mine: boolean; readonly owner: string }
  /** Does the login own objects here. */
  readonly ownsObjects: boolean
  /** Does it own tablespaces or subscriptions, which would go along with those. */
  readonly ownsShared: boolean
}

const ABOUT = `
select coalesce((select bool_or(true) from pg_namespace n, aclexplode(n.nspacl) a where n.nspname = 'public' and a.grantee = 0), false) as open,
  coalesce((select has_schema_privilege(n.oid, 'usage with grant option') from pg_namespace n where n.nspname = 'public'), false) as mine,
  coalesce(${PUBLIC_OWNER}, '') as owner,
  exists (select ${OWNED_HERE('$1::oid')}) as "ownsObjects",
  exists (select from pg_shdepend s where s.refclassid = 'pg_authid'::regclass and s.refobjid = $1::oid and s.deptype = 'o'
    and s.classid in ('pg_tablespace'::regclass, 'pg_subscription'::regclass)) as "ownsShared"`

type AboutRow = Inside['publicSchema'] & Pick<Inside, 'ownsObjects' | 'ownsShared'>

export async function readInside(
  link: Link,
  login: string | undefined,
  wanted: readonly Wanted[],
  signal: AbortSignal,
): Promise<Inside> {
  const [about] = await link.ask<AboutRow>(signal, ABOUT, [login ?? '0'])
  const { open, mine, owner, ...owns } = about!
  const lenders = await readLenders(link, signal)
  const oids = lenders.map(({ oid }) => oid)
  const lacking = new Map<CatalogueRole, Lacking>()
  const unreachable = new Map<CatalogueRole, Unreached>()
  for (const one of wanted) {
    lacking.set(one.role, await readLacking(link, one, oids, signal))
    unreachable.set(one.role, await readUnreachable(link, one, oids, signal))
  }
  return { lacking, unreachable, lenders, publicSchema: { open, mine, owner }, ...owns }
}
