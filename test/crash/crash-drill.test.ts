import { engineClient } from '../support/logins.ts'
import { postgresqlServer } from '../support/servers.ts'
import { crashDrill } from './crash-drill.ts'
import { engineSight } from './engine-sight.ts'

crashDrill('crash-drill.md', async () => {
  const server = await postgresqlServer()
  return { server, sight: engineSight(await engineClient(server)) }
})
