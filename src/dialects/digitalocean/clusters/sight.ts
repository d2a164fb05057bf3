import type { Caller } from '../../../domain/callers/caller.ts'
import type { Right } from '../../../domain/users/role.ts'
import { hasRight } from '../../../services/access/access.ts'
import type { InstanceView } from '../../../services/instances/dialect-views.ts'
import type { Services } from '../../../services/services.ts'
import { fromCluster } from '../wire/clusters.ts'

/** A cluster in the words of this API, with as much of it as the caller's token opens. */
export async function shownCluster({ dialectViews }: Services, caller: Caller, view: InstanceView) {
  const may = (right: Right) => hasRight(caller, view.instance.projectId, right)
  const password = await dialectViews.recall(caller, view)
  return fromCluster(view, {
    login: { user: may('coordinates') ? view.primary : undefined, password: password?.reveal() },
    tags: may('tags'),
    project: may('project'),
    network: may('network'),
  })
}
