import type { ChildProcess } from 'node:child_process'
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Problem } from '../../exit-codes.ts'
import { type ServerMemory, serverMemory } from '../folder.ts'
import type { Product, Programs } from '../product.ts'
import { accountForServers } from './account.ts'
import { isRunning, startServing, stop } from './child.ts'
import { abandonedHomes, dataFolderOf, makeFor } from './home.ts'
import { stopLeftovers } from './leftovers.ts'
import { isFree } from './ports.ts'

/** Starting includes recovery after a kill -9, on a slow disk. */
const READY_WITHIN_MS = 60_000
const STOPPED_WITHIN_MS = 6000

/** What was killed a moment ago may hold its port for a moment more. */
const FREE_WITHIN_MS = 3000

/** Starts a server of the demo's own, making its data the first time; answers when it takes logins. */
export async function startServer(
  product: Product,
  folder: string,
  mayFetch: boolean,
  running: AsyncDisposableStack,
): Promise<ServerMemory> {
  const account = accountForServers()
  const programs = await product.find({ account, folder, mayFetch, running })
  const memory = await serverMemory(folder, product.name)
  const data = dataFolderOf(folder, product.folder)
  await clearAway(product, data)
  if (!existsSync(data)) await makeData(product, programs, { data, memory, running })
  if (!(await comesFree(memory.port))) throw taken(product, memory.port)
  const log = join(folder, `${product.folder}.log`)
  const place = { data, port: memory.port, secretFile: secretFileOf(data) }
  const child = startServing(programs.server, programs.flags(place), { account, cwd: data, log })
  // Whatever ends us without a word, short of kill -9, does not leave it behind.
  process.on('exit', () => child.kill(product.traces.stopSignal))
  running.defer(() => stop(child, stoppingOf(product)))
  await untilReady(product, child, { memory, log })
  rmSync(place.secretFile, { force: true })
  return memory
}

/** Stops and removes it, whatever state it is in, and those of folders that are gone. */
export async function removeServer(product: Product, folder: string): Promise<void> {
  const homes = abandonedHomes()
  for (const data of [dataFolderOf(folder, product.folder), ...homes.map(home => join(home, product.folder))]) {
    await clearAway(product, data)
    await clearAway(product, draftOf(data))
    for (const path of [data, draftOf(data), secretFileOf(data)]) remove(path)
  }
}

/** Once no product has anything left there. */
export function removeHomes(): void {
  for (const home of abandonedHomes()) remove(home)
}

async function clearAway({ traces }: Product, data: string): Promise<void> {
  // Nobody is left who could hold a file with a pid; the server itself would be afraid of one that is another program's by now.
  if ((await stopLeftovers(data, traces)) && traces.pidFile) rmSync(join(data, traces.pidFile), { force: true })
}

async function comesFree(port: number): Promise<boolean> {
  for (const until = Date.now() + FREE_WITHIN_MS; Date.now() < until; await sleep(50))
    if (await isFree(port)) return true
  return isFree(port)
}

interface Wanted {
  readonly data: string
  readonly memory: ServerMemory
  readonly running: AsyncDisposableStack
}

/** The folder gets its name last, so that one which was cut short is never taken for a whole one. */
async function makeData(product: Product, programs: Programs, { data, memory, running }: Wanted): Promise<void> {
  const account = accountForServers()
  const draft = draftOf(data)
  await clearAway(product, draft)
  remove(draft)
  makeFor(account, draft)
  const { password } = memory
  await programs.make({ data: draft, account, password, secretFile: secretFileOf(data), running })
  renameSync(draft, data)
}

const draftOf = (data: string) => `${data}.new`
const secretFileOf = (data: string) => `${data}.secret`

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true, maxRetries: 5 })
}

function stoppingOf({ traces, endSignal }: Product) {
  return { signal: traces.stopSignal, endSignal, patienceMs: STOPPED_WITHIN_MS }
}

async function untilReady(
  product: Product,
  child: ChildProcess,
  { memory, log }: { readonly memory: ServerMemory; readonly log: string },
): Promise<void> {
  const until = Date.now() + READY_WITHIN_MS
  while (isRunning(child) && Date.now() < until) {
    if (await product.takesLogins(memory)) return
    await sleep(50)
  }
  const words = readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n')
  throw new Problem(
    'demoDatabase',
    `The demo's ${product.label} did not start:\n${words}`,
    `All of its words are in ${log}; ${product.remedy}`,
  )
}

function taken({ label }: Product, port: number): Problem {
  return new Problem(
    'portTaken',
    `Port ${port}, where the demo's ${label} lives, is taken by another program.`,
    'Stop that one, or begin anew with --fresh or another --data.',
  )
}
