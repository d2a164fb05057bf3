import { createHash } from 'node:crypto'

interface Name {
  readonly role: string
  readonly db: string
}

/** A built-in role on one collection: servers have none of the kind, so a role of ours stands for it. */
export interface Narrowed {
  readonly kind: 'read' | 'readWrite'
  readonly db: string
  readonly collection: string
}

/** As people write it: `rc.read.DATABASE.COLLECTION`. */
const WRITTEN = /^rc\.(read|readWrite)\.([^.]+)\.(.+)$/s

/** As it is called on the server, where names end sooner than those of collections: with 16 digits of a hash. */
const ON_SERVER = /^rc\.(?:read|readWrite)\.[0-9a-f]{16}$/

/** What the names on servers stand for. Each is the hash of it, so what is known once is true for ever and everywhere. */
const known = new Map<string, Narrowed>()
const MOST_KNOWN = 10_000

/** The name that a role has on the server; any but a narrowed one keeps its own. */
export function onServer(name: Name): Name {
  const [, kind, db, collection] = (name.db === 'admin' && WRITTEN.exec(name.role)) || []
  if (kind === undefined) return name
  const narrowed = { kind: kind as Narrowed['kind'], db: db!, collection: collection! }
  const role = nameOf(narrowed)
  remember(role, narrowed)
  return { role, db: name.db }
}

/** The role as people write it; one of which nothing is known keeps the name that it has on the server. */
export function asWritten(name: Name): Name {
  const found = narrowedAs(name)
  return found ? { role: `rc.${found.kind}.${found.db}.${found.collection}`, db: name.db } : name
}

/** What a role on the server stands for, if that is known. */
export function narrowedAs({ role, db }: Name): Narrowed | undefined {
  return db === 'admin' ? known.get(role) : undefined
}

export function isNarrowed({ role, db }: Name): boolean {
  return db === 'admin' && ON_SERVER.test(role)
}

/** Remembers what a role on a server is about, if its name bears that out. */
export function learn({ role }: Name, db: string, collection: string): void {
  const narrowed: Narrowed = { kind: role.startsWith('rc.read.') ? 'read' : 'readWrite', db, collection }
  if (nameOf(narrowed) === role) remember(role, narrowed)
}

function nameOf({ kind, db, collection }: Narrowed): string {
  const hash = createHash('sha256').update(`${db}\0${collection}`).digest('hex')
  return `rc.${kind}.${hash.slice(0, 16)}`
}

function remember(role: string, narrowed: Narrowed): void {
  const [oldest] = known.size < MOST_KNOWN ? [] : known.keys()
  if (oldest !== undefined) known.delete(oldest)
  known.set(role, narrowed)
}
