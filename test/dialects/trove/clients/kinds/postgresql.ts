import { startCluster } from '../../../../support/postgresql/cluster.ts'
import { ownPostgresql, postgresqlMajors, serverOf } from '../../../../support/servers.ts'
import type { Kind } from './kind.ts'
import { type SqlWords, sqlServer, statementsAs } from './sql.ts'

const MANAGER = { username: 'manager', password: 'password-of-the-manager' }

const WORDS: SqlWords = {
  makeLogin: ({ name }) => `create role "${name}" login`,
  dropLogin: ({ name }) => `drop role "${name}"`,
  leftovers: `select format('drop database %I', datname) as statement from pg_database where datname !~ '^(postgres|template.)$'
    union all select format('drop role %I', rolname) from pg_roles where rolcanlogin and rolname not in ('postgres', 'manager')`,
}

export const POSTGRESQL: Kind = {
  name: 'PostgreSQL',
  isLeftOut: postgresqlMajors().length === 0,
  datastore: 'postgresql',
  root: 'postgres',
  reservedDatabase: 'postgres',
  hosts: false,
  renames: true,
  letsIn: () => true,
  shown: name => name,
  async start() {
    const cluster = await startCluster(await ownPostgresql())
    const manager = `create role ${MANAGER.username} superuser login password '${MANAGER.password}'`
    // Without a word in the server's log: there is a password in it.
    await statementsAs(serverOf(cluster), ["set log_statement = 'none'", manager])
    return sqlServer({ ...serverOf(cluster), ...MANAGER }, WORDS, () => cluster[Symbol.asyncDispose]())
  },
}
