import type { Connection } from 'mysql2/promise'
import type { EngineSight } from './postgresql.ts'

/** Where marks are. */
const ON_MARIADB = `select User as what from mysql.global_priv where User like ? or Priv like ?
union all select Role from mysql.roles_mapping where Role like ?
union all select SCHEMA_NAME from information_schema.schemata where SCHEMA_COMMENT like ?`
const ON_MYSQL = 'select User as what from mysql.user where User like ? or cast(User_attributes as char) like ?'

/** The same, looked at on a server of the MySQL family. */
export function mysqlSight(engine: Connection): EngineSight {
  async function rows(query: string, ...values: readonly string[]): Promise<readonly Record<string, unknown>[]> {
    const [found] = await engine.query(query, [...values])
    return found as Record<string, unknown>[]
  }

  const count = async (query: string, ...values: readonly string[]) => Number((await rows(query, ...values))[0]?.n)

  async function leftBy(operation: string): Promise<readonly string[]> {
    const places = (await isMariadb()) ? ON_MARIADB : ON_MYSQL
    const found = await rows(places, ...Array.from(places.matchAll(/\?/g), () => `%${operation}%`))
    return found.map(({ what }) => String(what))
  }

  const isMariadb = async () => /mariadb/i.test(String((await rows('select version() as version'))[0]?.version))

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
