import { test } from 'vitest'
import { mysqlClient } from '../support/mariadb/logins.ts'
import { mysqlServers } from '../support/servers.ts'
import { crashDrillOnServer } from './crash-drill.ts'
import { mysqlSight } from './mysql-sight.ts'

// MariaDB; or, where its address is given, a MySQL.
const drilled = mysqlServers().at(-1)

if (!drilled) test.skip('The MySQL family is left out: ENGINES says so')
else {
  crashDrillOnServer('crash-drill-mysql.md', async () => {
    const server = await drilled.start()
    return { server, sight: mysqlSight(await mysqlClient(server)) }
  })
}
