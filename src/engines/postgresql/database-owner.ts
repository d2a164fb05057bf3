/** The oid of pg_database_owner. It is there from 14 on, and nobody can be made its member. */
const PG_DATABASE_OWNER = 6171

/**
 * For the server's own eyes: a role's oid, where pg_database_owner (to which the schema `public` belongs) stands for its one member,
 * whoever owns the current database.
 */
export function realRole(oid: string): string {
  return `case when ${oid} = ${PG_DATABASE_OWNER}
  then (select datdba from pg_database where datname = current_database()) else ${oid} end`
}
