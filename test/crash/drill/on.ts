import { engineClient } from '../../support/logins.ts'
import { mysqlClient } from '../../support/mariadb/logins.ts'
import { mysqlServers, postgresqlServer } from '../../support/servers.ts'
import { mysqlSight } from '../sights/mysql.ts'
import { engineSight } from '../sights/postgresql.ts'
import type { Drilled } from './crash-drill.ts'

export async function onPostgresql(): Promise<Drilled> {
  const server = await postgresqlServer()
  return { server, sight: engineSight(await engineClient(server)) }
}

/** MariaDB; or, where its address is given, a MySQL. Undefined where `ENGINES` leaves the family out. */
export const onMysqlFamily: (() => Promise<Drilled>) | undefined = familyOf(mysqlServers().at(-1))

function familyOf(family: ReturnType<typeof mysqlServers>[number] | undefined) {
  if (!family) return
  return async (): Promise<Drilled> => {
    const server = await family.start()
    return { server, sight: mysqlSight(await mysqlClient(server)) }
  }
}
