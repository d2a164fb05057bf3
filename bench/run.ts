import { postgresqlServer } from '../test/support/servers.ts'
import { benchLists } from './list.ts'

/** `npm run bench [what …]`: figures side by side, printed; nothing is asserted. */
const BENCHES: Readonly<Record<string, (server: Awaited<ReturnType<typeof postgresqlServer>>) => Promise<void>>> = {
  lists: benchLists,
}

const wanted = process.argv.slice(2)
const server = await postgresqlServer()
for (const [name, bench] of Object.entries(BENCHES)) {
  if (wanted.length === 0 || wanted.includes(name)) await bench(server)
}
process.exit(0)
