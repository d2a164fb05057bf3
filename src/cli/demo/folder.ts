import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { lockFolder } from '../../store/folder.ts'
import { Problem } from '../exit-codes.ts'

/** What a demo keeps from one start to the next, in a file for its owner's eyes only: it holds the two secrets below. */
export interface DemoMemory {
  /** Where its PostgreSQL listens, always: the connection that is stored says so. */
  readonly port: number
  /** Of the managing login. */
  readonly password: string
  readonly key?: DemoKey
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
    // The account that runs PostgreSQL passes through it, and can't list it.
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
  return isOurs(folder) ? JSON.parse(readFileSync(join(folder, FILE), 'utf8')) : undefined
}

/** Whole or not at all. */
export function remember(folder: string, memory: DemoMemory): DemoMemory {
  const draft = join(folder, `${FILE}.new`)
  writeFileSync(draft, `${JSON.stringify(memory, undefined, 2)}\n`, { mode: 0o600, flush: true })
  renameSync(draft, join(folder, FILE))
  return memory
}
