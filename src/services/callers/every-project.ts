import type { Caller } from '../../domain/callers/caller.ts'
import type { Store } from '../../store/store.ts'

/** True where the caller has a role in every project of the installation: then a project that is not among them is none. */
export async function seesEveryProject(store: Store, { roles }: Caller): Promise<boolean> {
  const { items } = await store.read.projects.list({ limit: roles.size + 1 })
  return items.every(({ id }) => roles.has(id))
}
