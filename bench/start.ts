import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { TestServer } from '../test/support/servers.ts'
import { load, median } from './load.ts'
import { startRolecall } from './servers.ts'

const STARTS = 5

/** How long until its first answer, and what it takes of memory: idle, and under load. */
export async function benchStart(server: TestServer): Promise<void> {
  const took: number[] = []
  for (let n = 0; n < STARTS; n++) {
    await using rolecall = await startRolecall(server)
    const listening = performance.now()
    await (await fetch(`${rolecall.url}/readyz`)).text()
    took.push(rolecall.startedAfterMs + performance.now() - listening)
  }
  console.log(`\nStart until the first answer: ${median(took).toFixed(0)} ms (median of ${STARTS})`)
  await using rolecall = await startRolecall(server)
  await sleep(1_000)
  const idle = memoryOf(rolecall.pid)
  const path = `/rolecall/v1/instances/${rolecall.instance}/users?limit=20`
  await load(rolecall.url, [path], 64, 5, { headers: { authorization: `Bearer ${rolecall.key}` } })
  const loaded = memoryOf(rolecall.pid)
  console.log(`Memory: ${idle} MB idle, ${loaded} MB after 5 s of 64 connections`)
}

/** Resident megabytes. */
function memoryOf(pid: number): number {
  const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
  return Math.round(Number(kilobytes) / 1024)
}
