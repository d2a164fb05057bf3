import { test } from 'vitest'
import { mysqlClient } from '../support/mariadb/logins.ts'
import { mariadbServer, mysqlServers } from '../support/servers.ts'
import { crashDrillOnServer } from './crash-drill.ts'
import { mysqlSight } from './mysql-sight.ts'

if (mysqlServers().length === 0) test.skip('The MySQL family is left out: ENGINES says so')
else {
  const start = async () => {
    const server = await mariadbServer()
    return { server, sight: mysqlSight(await mysqlClient(server)) }
  }
  crashDrillOnServer('crash-drill-mariadb.md', start)
}
