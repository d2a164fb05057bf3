import { engineClient } from '../test/support/logins.ts'
import type { TestServer } from '../test/support/servers.ts'
import { median } from './load.ts'
import { dropRoles, makeRoles, roleName } from './roles.ts'
import { startRolecall } from './servers.ts'

const SIZES = (process.env.ROLECALL_BENCH_SIZES ?? '1000,100000,1000000').split(',').map(Number)
const REQUESTS = 200

/** What a page of 100 from the middle costs as the list grows; the server has never gathered statistics of it. */
export async function benchPageCost(server: TestServer): Promise<void> {
  const engine = await engineClient(server)
  await dropRoles(engine)
  await using rolecall = await startRolecall(server)
  console.log(`\nA page of 100 logins from the middle, statistics never gathered (median of ${REQUESTS})`)
  let known = 0
  let first: number | undefined
  for (const size of SIZES) {
    await makeRoles(engine, known, size)
    known = size
    const cost = await pageCost(rolecall.url, rolecall.key, rolecall.instance, roleName(Math.floor(size / 2)))
    first ??= cost
    console.log(
      `  ${String(size).padStart(9)} logins  ${cost.toFixed(2).padStart(7)} ms   ${(cost / first).toFixed(2)} × the first`,
    )
  }
  await dropRoles(engine)
  await engine.end()
}

export async function pageCost(url: string, key: string, instance: string, after: string): Promise<number> {
  const query = `limit=100&after=${Buffer.from(after).toString('base64url')}`
  const took: number[] = []
  for (let n = 0; n < REQUESTS + 20; n++) {
    const began = performance.now()
    const answer = await fetch(`${url}/rolecall/v1/instances/${instance}/users?${query}`, {
      headers: { authorization: `Bearer ${key}` },
    })
    const { items } = (await answer.json()) as { items: unknown[] }
    if (items.length === 0) throw new Error(`an empty page after ${after}`)
    if (n >= 20) took.push(performance.now() - began) // The first ones open links and warm caches.
  }
  return median(took)
}
