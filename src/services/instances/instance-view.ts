import type { Connection } from '../../domain/servers/connection.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { PolicyInForce } from '../../domain/servers/policy.ts'
import type { DialectView } from '../../store/interface/servers.ts'
import type { Tables } from '../../store/store.ts'
import type { Contact } from '../links/breakers.ts'

/** An instance as the caller's dialect shows it. Made from what is stored: its server is never asked. */
export interface InstanceView {
  readonly instance: Instance
  /** `listed`: nobody asked for it by this dialect; `claimed`: adopted under an alias; `released`: hidden until adopted again. */
  readonly state: DialectView['state']
  /** Its alias in the dialect, else its own. */
  readonly name: string
  /** What the dialect keeps, and tells back. */
  readonly details: Readonly<Record<string, unknown>>
  /** Those that the caller sees, the managing one first, then the oldest. */
  readonly connections: readonly Connection[]
  /** The login that manages it. */
  readonly primary: string | undefined
  readonly policy: PolicyInForce
  /** What came of the last try to reach the server; undefined before the first. */
  readonly contact: Contact | undefined
}

/** What a view is made of. */
interface Seen {
  readonly instance: Instance
  /** Undefined: no dialect has said anything of it. */
  readonly view: DialectView | undefined
  readonly connections: readonly Connection[]
  readonly primary: string | undefined
  readonly policy: PolicyInForce
  /** What this process knows of the server. */
  readonly contact: Contact | undefined
}

export function toView({ instance, view, connections, primary, policy, contact }: Seen): InstanceView {
  const { state, alias, details } = view ?? { state: 'listed', details: {} }
  const last = lastOf([contact, ...contactsOf(instance, connections)])
  const own = managingFirst(instance, connections)
  return { instance, state, name: alias ?? instance.name, details, connections: own, primary, policy, contact: last }
}

/** Before first contact nobody manages yet: the oldest connection is the first to be tried. */
export async function primaryOf(
  tables: Tables,
  { managingConnectionId: id }: Instance,
  seen: readonly Connection[],
): Promise<string | undefined> {
  if (id === undefined) return seen.toSorted(byAge)[0]?.username
  return (seen.find(connection => connection.id === id) ?? (await tables.connections.find(id)))?.username
}

function managingFirst({ managingConnectionId }: Instance, all: readonly Connection[]): readonly Connection[] {
  const rank = ({ id }: Connection) => (id === managingConnectionId ? 0 : 1)
  return all.toSorted((one, other) => rank(one) - rank(other) || byAge(one, other))
}

interface Dated {
  readonly id: string
  readonly createdAt: number
}

export function byAge(one: Dated, other: Dated): number {
  return one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1)
}

/** What the store remembers of contacts; a process that has just begun knows no other. */
function contactsOf({ server }: Instance, connections: readonly Connection[]): readonly Contact[] {
  const seen = server ? [{ reachable: true, at: server.seenAt }] : []
  const tried = connections.flatMap(({ provedAt, lastTest }) => [
    ...(provedAt === undefined ? [] : [{ reachable: true, at: provedAt }]),
    ...(lastTest ? [{ reachable: lastTest.outcome === 'SUCCESS', at: lastTest.at }] : []),
  ])
  return [...seen, ...tried]
}

function lastOf(contacts: readonly (Contact | undefined)[]): Contact | undefined {
  return contacts.filter(one => one !== undefined).toSorted((one, other) => other.at - one.at)[0]
}
