import type { Caller } from '../../domain/callers/caller.ts'
import type { AuditLine } from '../../domain/operations/audit.ts'
import type { Store, Tables } from '../../store/store.ts'
import { checkRight } from '../access/access.ts'

/** A thing that a line of the audit names. */
export interface NamedThing {
  readonly kind: 'operator' | 'project' | 'team' | 'connection' | 'data-source' | 'key' | 'instance'
  readonly id: string
}

export interface AuditPage {
  readonly lines: readonly (AuditLine & { readonly id: string })[]
  /** What lies after it; undefined when nothing does, yet. */
  readonly next?: string
}

/** What has happened in a project, for its admins. */
export interface AuditLog {
  /** In the order in which it was written, after a line's id. */
  list(caller: Caller, projectId: string, after: string, limit: number): Promise<AuditPage>
  /** How these things are called now; those that are gone are absent, and so are those of other projects. */
  namesOf(projectId: string, things: readonly NamedThing[]): Promise<ReadonlyMap<string, string>>
}

export function createAuditLog(store: Store): AuditLog {
  async function list(caller: Caller, projectId: string, after: string, limit: number): Promise<AuditPage> {
    checkRight(caller, projectId, 'administer')
    const lines = await store.read.audit.listAfter(projectId, after, limit)
    return { lines, next: lines.length === limit ? lines.at(-1)?.id : undefined }
  }

  async function namesOf(projectId: string, things: readonly NamedThing[]): Promise<ReadonlyMap<string, string>> {
    const distinct = [...new Map(things.map(thing => [thing.id, thing])).values()]
    const names = await Promise.all(distinct.map(async thing => [thing.id, await nameOf(store.read, projectId, thing)]))
    return new Map(names.filter((pair): pair is [string, string] => pair[1] !== undefined))
  }

  return { list, namesOf }
}

async function nameOf(tables: Tables, projectId: string, { kind, id }: NamedThing): Promise<string | undefined> {
  if (kind === 'operator') return (await tables.operators.find(id))?.username
  if (kind === 'project') return id === projectId ? (await tables.projects.find(id))?.name : undefined
  if (kind === 'key') return (await tables.keys.find(id))?.publicKey
  const tablesOf = {
    team: tables.teams,
    connection: tables.connections,
    'data-source': tables.dataSources,
    instance: tables.instances,
  }
  const found = await tablesOf[kind].find(id)
  return found?.projectId === projectId ? found.name : undefined
}
