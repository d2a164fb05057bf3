import { startInstance } from '../../../../support/mariadb/instance.ts'
import { mysqlServers, ownMariadb, serverOfInstance } from '../../../../support/servers.ts'
import type { Kind } from './kind.ts'
import { type SqlWords, sqlServer, statementsAs } from './sql.ts'

const WORDS: SqlWords = {
  makeLogin: ({ name, host = '%' }) => `create user \`${name}\`@\`${host}\``,
  dropLogin: ({ name, host = '%' }) => `drop user \`${name}\`@\`${host}\``,
  leftovers: `select concat('drop database \`', schema_name, '\`') as statement from information_schema.schemata
    where schema_name not in ('mysql', 'information_schema', 'performance_schema', 'sys')
    union all select concat('drop user ', quote(user), '@', quote(host)) from mysql.user
    where user not in ('dba', 'mariadb.sys') and is_role = 'N'`,
}

export const MARIADB: Kind = {
  name: 'MariaDB',
  isLeftOut: mysqlServers().length === 0,
  datastore: 'mariadb',
  root: 'root',
  reservedDatabase: 'mysql',
  hosts: true,
  renames: true,
  letsIn: () => true,
  shown: name => name,
  async start() {
    const instance = await startInstance(await ownMariadb())
    const server = serverOfInstance(instance)
    // The server would take us for these, which are nearer than root@%.
    await statementsAs(server, ["drop user if exists root@'127.0.0.1', root@localhost, root@'::1'"])
    return sqlServer(server, WORDS, () => instance[Symbol.asyncDispose]())
  },
}
