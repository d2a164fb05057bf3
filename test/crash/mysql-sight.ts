import type { Connection } from 'mysql2/promise'
import type { EngineSight } from './engine-sight.ts'

/** The same, looked at on a MariaDB. */
export function mysqlSight(engine: Connection): EngineSight {
  async function rows(query: string, ...values: readonly string[]): Promise<readonly Record<string, unknown>[]> {
    const [found] = await engine.query(query, [...values])
    return found as Record<string, unknown>[]
  }

  const count = async (query: string, ...values: readonly string[]) => Number((await rows(query, ...values))[0]?.n)

  async function leftBy(operation: string): Promise<readonly string[]> {
    const like = `%${operation}%`
    const found = await rows(
      `select User as what from mysql.global_priv where User like ? or Priv like ?
       union all select Role from mysql.roles_mapping where Role like ?
       union all select SCHEMA_NAME from information_schema.schemata where SCHEMA_COMMENT like ?`,
      ...[like, like, like, like],
    )
    return found.map(({ what }) => String(what))
  }

  async function connectionLimit(name: string): Promise<number> {
    const n = await count('select max_user_connections as n from mysql.user where User = ?', name)
    return n === 0 ? -1 : n
  }

  return {
    roles: name => count('select count(*) as n from mysql.user where User = ?', name),
    databases: name => count('select count(*) as n from information_schema.schemata where SCHEMA_NAME = ?', name),
    memberships: name => count('select count(*) as n from mysql.db where User = ?', name),
    connectionLimit,
    leftBy,
    forget: async name => {
      await engine.query(`drop database if exists \`${name}\``)
      await engine.query(`drop user if exists '${name}'@'%'`)
    },
    freshDatabase: async name => {
      await engine.query(`drop database if exists \`${name}\``)
      await engine.query(`create database \`${name}\``)
    },
    close: () => engine.end(),
  }
}
