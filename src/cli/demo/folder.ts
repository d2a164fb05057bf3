import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newSecret } from '../../domain/secret.ts'
import { lockFolder } from '../../store/folder.ts'
import { Problem } from '../exit-codes.ts'
import type { ProductName } from './product.ts'
import { choosePort } from './running/ports.ts'

/** What a demo keeps from one start to the next, in a file for its owner's eyes only: it holds secrets. */
export interface DemoMemory {
  readonly servers: Readonly<Partial<Record<ProductName, ServerMemory>>>
  readonly key?: DemoKey
}

export interface ServerMemory {
  /** Where it listens, always: the connection that is stored says so. */
  readonly port: number
  /** Of the managing login. */
  readonly password: string
  /** The sample databases are made once: what people drop stays dropped. */
  readonly hasSamples?: boolean
}

export interface DemoKey {
  readonly id: string
  readonly public: string
  readonly private: string
}

const FILE = 'demo.json'

/** Makes the folder; refuses one with things in it that no demo made. */
export function claimFolder(folder: string): void {
  try {
    // The account that runs the servers passes through it, and can't list it.
    mkdirSync(folder, { recursive: true, mode: 0o711 })
    if (isOurs(folder) || readdirSync(folder).length === 0) return
  } catch (error) {
    throw new Problem(
      'folderUnwritable',
      `The folder ${folder} can't be used: ${(error as Error).message}.`,
      'Name another: --data FOLDER',
    )
  }
  throw new Problem(
    'folderForeign',
    `The folder ${folder} holds things that no demo made.`,
    'Name an empty or new one: --data FOLDER',
  )
}

/** Throws while a Rolecall runs in it. */
export function checkNotHeld(folder: string): void {
  lockFolder(folder).release()
}

/** The memory goes last: a folder that is half empty is still ours. */
export function emptyFolder(folder: string): void {
  const others = readdirSync(folder).filter(name => name !== FILE)
  for (const name of [...others, FILE]) rmSync(join(folder, name), { recursive: true, force: true, maxRetries: 5 })
}

function isOurs(folder: string): boolean {
  return existsSync(join(folder, FILE))
}

export function recall(folder: string): DemoMemory | undefined {
  return isOurs(folder) ? fromFile(JSON.parse(readFileSync(join(folder, FILE), 'utf8'))) : undefined
}

/** A demo of before there were two kinds of servers kept those of its PostgreSQL beside the key. */
function fromFile({ servers, key, ...postgresql }: DemoMemory & Partial<ServerMemory>): DemoMemory {
  return { servers: servers ?? { postgresql: postgresql as ServerMemory }, key }
}

/** Whole or not at all; everything else that is remembered stays. */
export function remember(folder: string, change: Partial<DemoMemory>): void {
  const memory: DemoMemory = { servers: {}, ...recall(folder), ...change }
  const draft = join(folder, `${FILE}.new`)
  writeFileSync(draft, `${JSON.stringify(memory, undefined, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(draft, join(folder, FILE))
}

/** What is remembered of a server; its port and its password are chosen the first time. */
export async function serverMemory(folder: string, name: ProductName): Promise<ServerMemory> {
  for (;;) {
    const { servers = {} } = recall(folder) ?? {}
    if (servers[name]) return servers[name]
    const port = await choosePort()
    // Others are starting beside this one.
    const isTaken = Object.values(recall(folder)?.servers ?? {}).some(other => other.port === port)
    if (!isTaken) return rememberServer(folder, name, { port, password: newSecret().reveal() })
  }
}

export function rememberServer(folder: string, name: ProductName, server: ServerMemory): ServerMemory {
  remember(folder, { servers: { ...recall(folder)?.servers, [name]: server } })
  return server
}
