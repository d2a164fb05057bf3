import type pg from 'pg'
import { engineClient } from '../test/support/logins.ts'
import { startCluster } from '../test/support/postgresql/cluster.ts'
import { NEWEST, ownPostgresql, serverOf } from '../test/support/servers.ts'
import { median } from './load.ts'
import { roleName } from './roles.ts'
import { startRolecall } from './servers.ts'

const TIMES = 200

/** Making a login through Rolecall, ledger and all, beside the two statements that make it, on a server that really writes to disk. */
export async function benchCreate(): Promise<void> {
  const durable = ['fsync = on', 'full_page_writes = on', "log_statement = 'none'", 'log_connections = off']
  await using cluster = await startCluster(await ownPostgresql(NEWEST, durable))
  const server = serverOf(cluster)
  const engine = await engineClient(server)
  const raw = await times(rawMaker(engine))
  await engine.end()
  {
    await using rolecall = await startRolecall(server)
    const ours = await times(rolecallMaker(rolecall))
    console.log(
      `\nMaking a login, milliseconds (${TIMES} one after another; the server and the ledger both wait for the disk)`,
    )
    console.log(`  statements alone  p50 ${raw.p50.toFixed(2)}  p99 ${raw.p99.toFixed(2)}`)
    console.log(
      `  Rolecall          p50 ${ours.p50.toFixed(2)}  p99 ${ours.p99.toFixed(2)}   ${(ours.p50 / raw.p50).toFixed(2)} × at p50`,
    )
  }
}

function rawMaker(engine: pg.Client): (n: number) => Promise<void> {
  return async n => {
    const name = `${roleName(n)}_raw`
    await engine.query(`create role ${name} login password 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy'`)
    await engine.query(`comment on role ${name} is 'made'`)
  }
}

function rolecallMaker({
  url,
  key,
  instance,
}: {
  readonly url: string
  readonly key: string
  readonly instance: string
}) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  return async (n: number) => {
    const body = JSON.stringify({ name: roleName(n) })
    const answer = await fetch(`${url}/rolecall/v1/instances/${instance}/users`, { method: 'POST', headers, body })
    if (answer.status !== 201) throw new Error(await answer.text())
    await answer.text()
  }
}

async function times(make: (n: number) => Promise<void>): Promise<{ readonly p50: number; readonly p99: number }> {
  const took: number[] = []
  for (let n = 0; n < TIMES + 10; n++) {
    const began = performance.now()
    await make(n)
    if (n >= 10) took.push(performance.now() - began)
  }
  const sorted = took.sort((one, other) => one - other)
  return { p50: median(sorted), p99: sorted[Math.floor(sorted.length * 0.99)]! }
}
