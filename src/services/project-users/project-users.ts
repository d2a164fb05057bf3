import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import { type UserKey, userKeyText } from '../../domain/users/user.ts'
import { checkRight } from '../access/access.ts'
import { type Clusters, clustersFor } from './clusters.ts'
import { type ListedUsers, listPage } from './listing/page.ts'
import { shownAs } from './listing/whose.ts'
import type { Cut } from './listing/window.ts'
import type { ProjectParts, ProjectUser } from './project-user.ts'
import { lookAt } from './sight.ts'

/** The users of a project: a merge of what it wants and of what its servers have, made on every request. */
export interface ProjectUsers {
  list(caller: Caller, projectId: string, page: Cut, signal: AbortSignal): Promise<ListedUsers>
  get(
    caller: Caller,
    projectId: string,
    key: UserKey,
    signal: AbortSignal,
    clusters?: Promise<Clusters>,
  ): Promise<ProjectUser>
}

export function createProjectUsers(parts: ProjectParts): ProjectUsers {
  const { store, rules } = parts

  async function list(caller: Caller, projectId: string, cut: Cut, signal: AbortSignal): Promise<ListedUsers> {
    checkRight(caller, projectId, 'read')
    const [clusters, all, now] = await Promise.all([
      clustersFor(parts, caller, projectId),
      store.read.projectRecords.list(projectId, 'user'),
      store.now(),
    ])
    const records = new Map(all.map(record => [record.key, record]))
    return listPage(parts, { around: { clusters, now, rules }, records, cut }, signal)
  }

  async function get(
    caller: Caller,
    projectId: string,
    key: UserKey,
    signal: AbortSignal,
    around = clustersFor(parts, caller, projectId),
  ): Promise<ProjectUser> {
    checkRight(caller, projectId, 'read')
    const text = userKeyText(key)
    const [clusters, record, now] = await Promise.all([
      around,
      store.read.projectRecords.find(projectId, 'user', text),
      store.now(),
    ])
    const sight = await lookAt(parts, clusters.seen, signal, text)
    const found = shownAs(text, record, sight, { clusters, now, rules })
    if (!found) throw noUser(key)
    return found
  }

  return { list, get }
}

export function noUser({ name }: UserKey): Fault {
  return new Fault('not_found', 'user', `No user ${name} in this project`)
}
