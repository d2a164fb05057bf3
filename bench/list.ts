import { engineClient } from '../test/support/logins.ts'
import type { TestServer } from '../test/support/servers.ts'
import { type Load, load, median } from './load.ts'
import { dropRoles, makeRoles, roleName } from './roles.ts'
import { type Rolecall, type Running, startBare, startRolecall } from './servers.ts'

const ROLES = 20_000
const LIMIT = 20
const CONNECTIONS = [1, 16, 64]
const ROUNDS = 3
const SECONDS = Number(process.env.ROLECALL_BENCH_SECONDS ?? 3)

/** A page of 20 logins: ours beside a bare server's, turn about in one run. Ratios above 1: ours is faster. */
export async function benchLists(server: TestServer): Promise<void> {
  const engine = await engineClient(server)
  await dropRoles(engine)
  await makeRoles(engine, 0, ROLES)
  await using bare = await startBare(server)
  await using rolecall = await startRolecall(server)
  const pages = Array.from({ length: 997 }, (_, n) => roleName(n * 20))
  console.log(`\nA page of ${LIMIT} of ${ROLES} logins, requests a second (median of ${ROUNDS} rounds of ${SECONDS} s)`)
  console.log('  connections  pages      bare   rolecall   ratio   p99 bare  p99 rolecall')
  for (const connections of CONNECTIONS) {
    await compare('distinct', connections, pages, bare, rolecall)
    await compare('hot', connections, pages.slice(0, 1), bare, rolecall)
  }
  await dropRoles(engine)
  await engine.end()
}

async function compare(
  what: string,
  connections: number,
  pages: readonly string[],
  bare: Running,
  rolecall: Rolecall,
): Promise<void> {
  const headers = { authorization: `Bearer ${rolecall.key}` }
  const query = (after: string) => `?limit=${LIMIT}&after=${Buffer.from(after).toString('base64url')}`
  const theirs: Load[] = []
  const ours: Load[] = []
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(
      await load(
        bare.url,
        pages.map(page => `/${query(page)}`),
        connections,
        SECONDS,
      ),
    )
    const path = `/rolecall/v1/instances/${rolecall.instance}/users`
    ours.push(
      await load(
        rolecall.url,
        pages.map(page => `${path}${query(page)}`),
        connections,
        SECONDS,
        headers,
      ),
    )
  }
  const failed = [...theirs, ...ours].reduce((sum, one) => sum + one.failed, 0)
  const [a, b] = [theirs, ours].map(all => median(all.map(one => one.perSecond))) as [number, number]
  const [c, d] = [theirs, ours].map(all => median(all.map(one => one.p99))) as [number, number]
  const cells = [
    a.toFixed(0).padStart(8),
    b.toFixed(0).padStart(10),
    (b / a).toFixed(2).padStart(7),
    `${c} ms`.padStart(10),
    `${d} ms`.padStart(13),
  ]
  console.log(
    `  ${String(connections).padStart(11)}  ${what.padEnd(8)} ${cells.join(' ')}${failed > 0 ? `  ${failed} FAILED` : ''}`,
  )
}
