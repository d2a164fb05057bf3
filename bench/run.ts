import { postgresqlServer, type TestServer } from '../test/support/servers.ts'
import { benchAccounts } from './accounts.ts'
import { benchAtlasUsers } from './atlas.ts'
import { benchCreate } from './create.ts'
import { benchExpiry } from './expiry.ts'
import { benchClusterUsers, benchLists, benchTroveUsers } from './list.ts'
import { benchPageCost } from './page-cost.ts'
import { benchStart } from './start.ts'

/** `npm run bench [what …]`: figures side by side, printed; nothing is asserted. */
const BENCHES: Readonly<Record<string, (server: TestServer) => Promise<void>>> = {
  start: benchStart,
  lists: benchLists,
  digitalocean: benchClusterUsers,
  trove: benchTroveUsers,
  atlas: benchAtlasUsers,
  create: benchCreate,
  pages: benchPageCost,
  accounts: benchAccounts,
  expiry: benchExpiry,
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter(name => !(name in BENCHES))
if (unknown.length > 0)
  throw new Error(`No benchmark ${unknown.join(', ')}; there are ${Object.keys(BENCHES).join(', ')}`)

const server = await postgresqlServer()
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length === 0 || wanted.includes(name)) await bench(server)
}
process.exit(0)
