import type { Access, AccessGrant } from '../../domain/callers/access.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { Connection } from '../../domain/servers/connection.ts'
import { roleHas } from '../../domain/users/role.ts'
import type { Tables } from '../../store/store.ts'
import { accessToEach, findConnection, viewerIn } from './access.ts'

/** A connection, as its caller sees it. */
export interface ConnectionSeen {
  readonly connection: Connection
  /** What the caller may do with it. */
  readonly access: Access
}

/** Throws unless the caller sees the connection. */
export async function mustSee(tables: Tables, caller: Caller, id: string): Promise<ConnectionSeen> {
  const seen = await findConnection(tables, caller, id)
  if (!seen) throw noConnection(id)
  return { connection: seen.thing, access: seen.access }
}

export function noConnection(id: string): Fault {
  return new Fault('not_found', 'connection', `No connection ${id}`)
}

/** A page with what the caller may do with each; one that was hidden while it was read is left out. */
export async function withAccess(
  tables: Tables,
  caller: Caller,
  projectId: string,
  items: readonly Connection[],
): Promise<readonly ConnectionSeen[]> {
  const ids = items.map(({ id }) => id)
  const all = await accessToEach(tables, caller, projectId, 'connection', ids)
  return items.flatMap(connection => {
    const access = all.get(connection.id)
    return access ? [{ connection, access }] : []
  })
}

/** Whose access lists narrow a list that is asked for in another member's name; undefined if nobody's. */
export async function viewerAs(
  tables: Tables,
  caller: Caller,
  projectId: string,
  operatorId: string,
): Promise<string | undefined> {
  if (operatorId === caller.operator.id) return viewerIn(caller, projectId)
  const member = await tables.members.find(projectId, operatorId)
  return member && roleHas(member.role, 'administer') ? undefined : operatorId
}

/** Until an access list says otherwise, every member sees a connection. */
export function sharedWithAll({ projectId, id, createdAt: since }: Connection): AccessGrant {
  const subject = { kind: 'organisation', id: projectId } as const
  return { projectId, entity: { kind: 'connection', id }, subject, access: 'user', since }
}
