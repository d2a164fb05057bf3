import { createHash } from 'node:crypto'
import type { AuditLine } from '../../../domain/operations/audit.ts'
import type { NamedThing } from '../../../services/operations/audit-log.ts'

type Line = AuditLine & { readonly id: string }
type Kind = NamedThing['kind'] | 'invitation' | 'operation' | 'user' | 'database'

/** The vendor's words; theirs is an open list, and the last five are ours. */
const ENTITY_TYPES: Readonly<Record<Kind, string>> = {
  operator: 'USER',
  project: 'ORGANISATION',
  team: 'TEAM',
  connection: 'DATABASE_CONNECTION',
  'data-source': 'DATA_SOURCE',
  key: 'API_KEY',
  instance: 'INSTANCE',
  invitation: 'INVITATION',
  operation: 'OPERATION',
  user: 'DATABASE_USER',
  database: 'DATABASE',
}

/** What a line says, in terms of things: `subject` is who was given something, `role` what. */
interface Told {
  readonly action: string
  readonly entity: Thing
  readonly parent?: Thing
  readonly subject?: Thing
  readonly role?: string
}

interface Thing {
  readonly kind: Kind
  readonly id: string
}

/** A begun change is no event yet, and an undone one is none. */
export const isEvent = ({ outcome }: Line): boolean => outcome === 'done' || outcome === 'settled'

/** Everything whose name an event tells. */
export function thingsIn(line: Line): readonly NamedThing[] {
  const { entity, parent, subject } = toldBy(line)
  const all = [entity, parent, subject, principalOf(line), organisationOf(line)]
  return all.filter((thing): thing is NamedThing => thing !== undefined && !NAMELESS.has(thing.kind))
}

const NAMELESS: ReadonlySet<Kind> = new Set(['invitation', 'operation', 'user', 'database'])

/** One event in the vendor's form. What things were before and after is not kept, only which fields changed: no secret can be in it. */
export function fromAuditLine(line: Line, names: ReadonlyMap<string, string>) {
  const { action, entity, parent, subject, role } = toldBy(line)
  const shown = ({ kind, id }: Thing) => {
    const name = kind === 'user' ? loginName(id) : (names.get(id) ?? id)
    return { id, name, entityType: ENTITY_TYPES[kind] }
  }
  return {
    timestamp: new Date(line.at).toISOString(),
    eventId: uuidOf(line.id),
    entity: shown(entity),
    parentEntity: parent && shown(parent),
    organisation: shown(organisationOf(line)),
    principal: shown(principalOf(line)),
    clientType: clientTypeOf(line),
    action,
    subject: subject && shown(subject),
    permission: role === undefined ? undefined : { permissions: [{ id: role, friendlyId: role }] },
  }
}

const organisationOf = ({ projectId = '' }: Line): Thing => ({ kind: 'project', id: projectId })
const principalOf = ({ operatorId }: Line): Thing => ({ kind: 'operator', id: operatorId })

function clientTypeOf({ dialect }: Line): 'API' | 'CLI' | 'SYSTEM' {
  if (dialect === 'command') return 'CLI'
  return dialect === 'system' ? 'SYSTEM' : 'API'
}

function toldBy(line: Line): Told {
  const [family = '', verb = ''] = line.action.split('.')
  return (SPECIAL[family] ?? plain)(line, verb)
}

const SPECIAL: Readonly<Record<string, (line: Line, verb: string) => Told>> = {
  access: accessChange,
  member: membership,
  team: teamChange,
  invitation: invitation,
}

/** `connection.create`, or of the ledger `create-user`. */
function plain(line: Line, verb: string): Told {
  const [family = ''] = line.action.split('.')
  if (family in ENTITY_TYPES) {
    const entity = { kind: family as Kind, id: line.subject }
    return { action: VERBS[verb] ?? 'UPDATE', entity, parent: parentOf(line) }
  }
  const [did = '', kind = ''] = line.action.split('-')
  // Whatever a change of the ledger does to a login, its sessions included, is told of the login.
  const entity: Thing = { kind: kind === 'database' ? 'database' : 'user', id: line.subject }
  return { action: VERBS[did] ?? 'UPDATE', entity, parent: parentOf(line) }
}

const VERBS: Readonly<Record<string, string>> = {
  create: 'CREATE',
  delete: 'DELETE',
  drop: 'DELETE',
  revoke: 'DELETE',
  leave: 'DELETE',
}

const parentOf = ({ instanceId }: Line): Thing | undefined =>
  instanceId === undefined ? undefined : { kind: 'instance', id: instanceId }

const WORDS: Readonly<Record<string, Kind>> = { user: 'operator', organisation: 'project', team: 'team' }

/** Its subject is `connection ID`, its detail `user ID` and what was given. */
function accessChange({ subject, detail }: Line, verb: string): Told {
  const [kind = '', id = ''] = subject.split(' ')
  const [who = '', role] = detail
  const [word = '', whoId = ''] = who.split(' ')
  const family = kind === 'connection' ? 'database_connection' : 'data_source'
  return {
    action: verb === 'grant' ? 'ACL_GRANT' : 'ACL_REVOKE',
    entity: { kind: kind as Kind, id },
    subject: { kind: WORDS[word] ?? 'operator', id: whoId },
    role: role && `${family}_${role}`,
  }
}

function membership(line: Line, verb: string): Told {
  const entity = organisationOf(line)
  const subject: Thing = { kind: 'operator', id: line.subject }
  if (verb === 'remove') return { action: 'ACL_REVOKE', entity, subject }
  return { action: 'ACL_GRANT', entity, subject, role: organisationRole(line.detail[0]) }
}

function organisationRole(role: string | undefined): string {
  return role === 'admin' || role === 'owner' ? 'organisation_admin' : 'organisation_member'
}

function teamChange(line: Line, verb: string): Told {
  if (!verb.endsWith('-member')) return plain(line, verb)
  const [id = '', role] = line.detail
  const entity: Thing = { kind: 'team', id: line.subject }
  const subject: Thing = { kind: 'operator', id }
  if (verb === 'remove-member') return { action: 'ACL_REVOKE', entity, subject }
  return { action: 'ACL_GRANT', entity, subject, role: `team_${role}` }
}

function invitation(line: Line, verb: string): Told {
  if (verb !== 'create') return plain(line, verb)
  const parent = organisationOf(line)
  return {
    action: 'INVITE',
    entity: { kind: 'invitation', id: line.subject },
    parent,
    role: organisationRole(line.detail[0]),
  }
}

/** Of `userKeyText`: name, host, authentication database. */
function loginName(key: string): string {
  const [name = key, host = ''] = key.startsWith('[') ? (JSON.parse(key) as readonly string[]) : []
  return host === '' ? name : `${name}@${host}`
}

/** The same line has the same id whenever it is read (RFC 9562, version 8). */
function uuidOf(id: string): string {
  const hex = createHash('sha256').update(id).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
