import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { engineClient } from '../test/support/logins.ts'
import { startCluster } from '../test/support/postgresql/cluster.ts'
import { NEWEST, ownPostgresql, serverOf } from '../test/support/servers.ts'
import { median } from './load.ts'
import { roleName } from './roles.ts'
import { startRolecall } from './servers.ts'

const TIMES = 300
/** Before that: nobody's first requests tell what it costs. */
const WARM_UP = 100

/** Making a login through Rolecall, ledger and all, beside the two statements that make it, on a server that really writes to disk. */
export async function benchCreate(): Promise<void> {
  const durable = ['fsync = on', 'full_page_writes = on', "log_statement = 'none'", 'log_connections = off']
  await using cluster = await startCluster(await ownPostgresql(NEWEST, durable))
  const server = serverOf(cluster)
  const engine = await engineClient(server)
  {
    await using rolecall = await startRolecall(server)
    const [raw, ours] = await timesInTurn(rawMaker(engine), rolecallMaker(rolecall))
    console.log(
      `\nMaking a login, milliseconds (${TIMES} of each, in turn; the server and the ledger both wait for the disk)`,
    )
    console.log(`  statements alone  ${shown(raw)}`)
    console.log(`  Rolecall          ${shown(ours)}   ${(ours.p50 / raw.p50).toFixed(2)} × at p50`)
  }
  await engine.end()
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

type Make = (n: number) => Promise<void>

/** One of each at a time: whatever else the machine does meets both. */
async function timesInTurn(one: Make, other: Make): Promise<readonly [Times, Times]> {
  const took: [number, number][] = []
  for (let n = 0; n < WARM_UP + TIMES; n++) {
    const pair: [number, number] = [await timeOf(one, n), await timeOf(other, n)]
    if (n >= WARM_UP) took.push(pair)
  }
  return [summary(took.map(([first]) => first)), summary(took.map(([, second]) => second))]
}

/** What the one still writes after its answer must not be charged to the other. */
const PAUSE_MS = 5

async function timeOf(make: Make, n: number): Promise<number> {
  await sleep(PAUSE_MS)
  const began = performance.now()
  await make(n)
  return performance.now() - began
}

interface Times {
  readonly p10: number
  readonly p50: number
  readonly p99: number
}

function summary(took: readonly number[]): Times {
  const sorted = took.toSorted((one, other) => one - other)
  const at = (part: number) => sorted[Math.floor(sorted.length * part)]!
  return { p10: at(0.1), p50: median(sorted), p99: at(0.99) }
}

const shown = ({ p10, p50, p99 }: Times) => `p10 ${p10.toFixed(2)}  p50 ${p50.toFixed(2)}  p99 ${p99.toFixed(2)}`
