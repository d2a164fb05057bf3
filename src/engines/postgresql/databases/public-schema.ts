import { isFault } from '../../../domain/fault.ts'
import type { Links } from '../link/links.ts'

const PUBLIC_SCHEMA = `
select distinct lower(a.privilege_type) as right from pg_namespace n, aclexplode(n.nspacl) a
where n.nspname = 'public' and a.grantee = 0 order by 1`

/**
 * What PUBLIC may do in the schema `public`. Only the database itself can say: so it is told of one that is looked at, never in a
 * list, which would have to connect to every database on the server.
 */
export async function publicSchemaFlags(
  { within, signal }: Links,
  { name, allowsConnections }: { readonly name: string; readonly allowsConnections: boolean },
): Promise<readonly string[]> {
  if (!allowsConnections) return [UNKNOWN]
  try {
    const rights = await within(name, link => link.ask<{ readonly right: string }>(signal, PUBLIC_SCHEMA))
    return rights.map(({ right }) => `public-schema-${right}`)
  } catch (error) {
    // What the rest of the server says of it is worth an answer all the same.
    if (isFault(error)) return [UNKNOWN]
    throw error
  }
}

const UNKNOWN = 'public-schema-unknown'
