import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { StoreProblem } from '../problem.ts'
import { decrypt, encrypt } from './cipher.ts'
import { moveAside, replaceDurably, writeDurably } from './key-file.ts'

const FILE = 'master.key'
const BYTES = 32

/** A ring of keys: the first wraps, all of them unwrap. Cannot be printed. */
export class MasterKey {
  readonly #ring: readonly Buffer[]

  constructor(ring: readonly Buffer[]) {
    if (ring.length === 0 || ring.some(key => key.length !== BYTES)) throw malformed('the ring')
    this.#ring = ring
  }

  /** Names the first key without telling anything about it. */
  get fingerprint(): string {
    return fingerprintOf(this.#ring[0]!)
  }

  /** Those of the whole ring, in its order. */
  get fingerprints(): readonly string[] {
    return this.#ring.map(fingerprintOf)
  }

  wrap(dataKey: Buffer, context: readonly string[]): string {
    return `${this.fingerprint}.${encrypt(this.#ring[0]!, dataKey, context)}`
  }

  unwrap(wrapped: string, context: readonly string[]): Buffer | undefined {
    const [, sealed = ''] = wrapped.split('.')
    return this.#ring.map(key => decrypt(key, sealed, context)).find(found => found !== undefined)
  }
}

function fingerprintOf(key: Buffer): string {
  return createHash('sha256').update('rolecall master key').update(key).digest('hex').slice(0, 8)
}

/** Where the master key is looked for: `ROLECALL_MASTER_KEY` first, then `master.key` in the folder. */
export interface KeyPlace {
  readonly folder?: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Makes a key only for a new store: an existing one would not open with it. */
export function loadMasterKey(place: KeyPlace, storeIsNew: boolean): MasterKey {
  const variable = place.env.ROLECALL_MASTER_KEY
  if (variable !== undefined) return masterKeyFrom(variable, 'ROLECALL_MASTER_KEY')
  const path = pathIn(place)
  const text = path === undefined ? undefined : readIfThere(path)
  if (path !== undefined && text !== undefined) return masterKeyFrom(text, path)
  if (!storeIsNew || path === undefined) throw missing(path, storeIsNew)
  return makeKeyFile(path)
}

/** Where the file is that holds the ring; undefined where a variable holds it, or nothing can. */
export function keyFileOf(place: KeyPlace): string | undefined {
  return place.env.ROLECALL_MASTER_KEY === undefined ? pathIn(place) : undefined
}

function pathIn({ folder }: KeyPlace): string | undefined {
  return folder === undefined ? undefined : join(folder, FILE)
}

/** Puts a new key before those of the file. They stay: a crash right now, and old backups, need them. */
export function putNewKeyInFront(path: string): MasterKey {
  const text = `${randomBytes(BYTES).toString('base64')}\n${readFileSync(path, 'utf8').trim()}\n`
  replaceDurably(path, text)
  return masterKeyFrom(text, path)
}

/** Begins a new ring. What the file holds may be wrong here and right elsewhere: it is kept beside. */
export function beginNewRing(path: string): MasterKey {
  moveAside(path)
  return makeKeyFile(path)
}

/** Several keys are separated by commas or line ends, the current one first. */
function masterKeyFrom(text: string, source: string): MasterKey {
  const parts = text.split(/[,\s]+/).filter(part => part !== '')
  if (parts.length === 0) throw malformed(source)
  return new MasterKey(parts.map(part => keyFrom(part, source)))
}

function keyFrom(text: string, source: string): Buffer {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  const bytes = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined
  if (bytes?.length !== BYTES) throw malformed(source)
  return bytes
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new StoreProblem('master-key-missing', `The master key ${path} can't be read: make it readable to me`, error)
  }
}

/** On disk, folder entry included, before anything is sealed with it. */
function makeKeyFile(path: string): MasterKey {
  const key = randomBytes(BYTES)
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    writeDurably(path, `${key.toString('base64')}\n`)
  } catch (error) {
    throw new StoreProblem('folder-unwritable', `The master key ${path} can't be written`, error)
  }
  return new MasterKey([key])
}

/** What whoever starts us has to know when there is no key to put back. */
export const LOST = 'Lost for good? rolecall master-key reset keeps everything that was not sealed with it'

function missing(path: string | undefined, storeIsNew: boolean): StoreProblem {
  const where = path === undefined ? 'ROLECALL_MASTER_KEY' : `ROLECALL_MASTER_KEY, or ${path}`
  const advice = storeIsNew
    ? 'set it to the base64 of 32 random bytes (openssl rand -base64 32)'
    : `the store was sealed with it: put back the one it was made with. ${LOST}`
  return new StoreProblem('master-key-missing', `There is no master key. Looked for: ${where}; ${advice}`)
}

function malformed(source: string): StoreProblem {
  return new StoreProblem(
    'master-key-malformed',
    `${source} is not a master key: it takes 32 bytes as base64 or hex; several with commas, the current one first`,
  )
}
