import { engineClient } from '../../support/logins.ts'
import { mysqlClient } from '../../support/mariadb/logins.ts'
import { mongodbClient } from '../../support/mongodb/logins.ts'
import { mongodbServers, mysqlServers, postgresqlServer } from '../../support/servers.ts'
import { mongodbSight } from '../sights/mongodb.ts'
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

/** What an attempt may have sent can't be ended here: recovery waits as long as a statement may take, and a busy machine takes its time. */
const SOON = { '--timeouts-statement-ms': '2500' }

/** Undefined where `ENGINES` leaves MongoDB out. */
export const onMongodb: (() => Promise<Drilled>) | undefined = mongodbOf(mongodbServers().at(-1))

function mongodbOf(one: ReturnType<typeof mongodbServers>[number] | undefined) {
  if (!one) return
  return async (): Promise<Drilled> => {
    const server = await one.start()
    return { server, sight: mongodbSight(mongodbClient(server)), flags: SOON }
  }
}
