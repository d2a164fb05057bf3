import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '../../exit-codes.ts'
import { MANAGING_LOGIN, type Making, type Place } from '../product.ts'
import { isRunning, startServing, stop } from '../running/child.ts'
import { choosePort, isFree } from '../running/ports.ts'
import { withClient } from './client.ts'

const READY_WITHIN_MS = 60_000
const STOPPED_WITHIN_MS = 6000

type Flags = (place: Pick<Place, 'data' | 'port'>) => readonly string[]

/** A new server lets everybody in: it runs like that on a port that nobody knows until it has its managing login, and is stopped again. */
export async function makeLogin(python: string, flags: Flags, { data, account, password, running }: Making) {
  const port = await choosePort()
  const child = startServing(python, flags({ data, port }), { account, cwd: data, log: '/dev/null' })
  const end = () => stop(child, { signal: 'SIGTERM', endSignal: 'SIGKILL', patienceMs: STOPPED_WITHIN_MS })
  running.defer(end)
  try {
    const until = Date.now() + READY_WITHIN_MS
    while (!(await makeIt(port, password))) {
      if (!isRunning(child) || Date.now() > until) throw failed()
      await sleep(50)
    }
  } finally {
    await end()
  }
  while (!(await isFree(port))) await sleep(50)
}

const ALREADY_THERE = 51_003

/** False as long as nobody answers. */
async function makeIt(port: number, pwd: string): Promise<boolean> {
  const roles = [{ role: 'root', db: 'admin' }]
  const create = { createUser: MANAGING_LOGIN, pwd, roles }
  try {
    await withClient({ port }, client => client.db('admin').command(create))
    return true
  } catch (error) {
    return (error as { code?: unknown }).code === ALREADY_THERE
  }
}

function failed(): Problem {
  const remedy = 'Try again with --fresh, or leave it out: --engines postgresql'
  return new Problem('demoDatabase', 'SecantusDB did not take its first login.', remedy)
}
