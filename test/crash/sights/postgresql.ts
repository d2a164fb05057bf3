import type pg from 'pg'

/** What the server itself says, behind Rolecall's back. */
export interface EngineSight {
  roles(name: string): Promise<number>
  connectionLimit(name: string): Promise<number>
  /** Catalogue roles that the login is in. */
  memberships(name: string): Promise<number>
  databases(name: string): Promise<number>
  /** Roles, databases and comments that carry the operation's id: what a half-done change would leave. */
  leftBy(operation: string): Promise<readonly string[]>
  /** Leaves the server as it was. */
  forget(name: string): Promise<void>
  /** A database of this name that is empty. */
  freshDatabase(name: string): Promise<void>
  close(): Promise<void>
}

export function engineSight(engine: pg.Client): EngineSight {
  async function count(query: string, ...values: readonly string[]): Promise<number> {
    const { rows } = await engine.query(query, [...values])
    return Number(rows[0]?.n)
  }

  const roles = (name: string) => count('select count(*) as n from pg_roles where rolname = $1', name)
  const databases = (name: string) => count('select count(*) as n from pg_database where datname = $1', name)

  async function leftBy(operation: string): Promise<readonly string[]> {
    const { rows } = await engine.query(
      `select description as what from pg_shdescription where description like '%' || $1 || '%'
       union all select datname from pg_database where datname ilike '%' || $1 || '%'
       union all select rolname from pg_roles where rolname ilike '%' || $1 || '%'`,
      [operation],
    )
    return rows.map(({ what }) => what)
  }

  async function forget(name: string): Promise<void> {
    await engine.query(`drop database if exists "${name}" with (force)`)
    await engine.query(`drop role if exists "${name}"`)
  }

  return {
    roles,
    databases,
    leftBy,
    forget,
    freshDatabase: async name => {
      await engine.query(`drop database if exists ${name} with (force)`)
      await engine.query(`create database ${name}`)
    },
    close: () => engine.end(),
    connectionLimit: name => count('select rolconnlimit as n from pg_roles where rolname = $1', name),
    memberships: name =>
      count(
        'select count(*) as n from pg_auth_members where member = (select oid from pg_roles where rolname = $1)',
        name,
      ),
  }
}
