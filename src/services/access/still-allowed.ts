import { ACCESS } from '../../domain/callers/access.ts'
import type { Caller } from '../../domain/callers/caller.ts'
import type { Need } from '../../domain/callers/need.ts'
import { Fault } from '../../domain/fault.ts'
import type { Tables } from '../../store/store.ts'
import { checkRight, findConnection, findInstance, findSeen } from './access.ts'

type Of<K extends Need['kind']> = Extract<Need, { readonly kind: K }>

/** Throws unless the caller still has what was asked of it before. What is gone since asks nothing any more. */
export async function checkNeeds(tables: Tables, caller: Caller, needs: readonly Need[]): Promise<void> {
  for (const need of needs) await checkNeed(tables, caller, need)
}

function checkNeed(tables: Tables, caller: Caller, need: Need): Promise<void> {
  if (need.kind === 'right') return checkStillRight(tables, caller, need)
  return need.kind === 'thing' ? checkThing(tables, caller, need) : checkInstance(tables, caller, need)
}

async function checkStillRight(tables: Tables, caller: Caller, { projectId, right }: Of<'right'>): Promise<void> {
  if (await tables.projects.find(projectId)) checkRight(caller, projectId, right)
}

async function checkThing(tables: Tables, caller: Caller, { entity, access }: Of<'thing'>): Promise<void> {
  const { kind, id } = entity
  const find = (one: string) => (kind === 'connection' ? tables.connections.find(one) : tables.dataSources.find(one))
  if (!(await find(id))) return
  const seen =
    kind === 'connection'
      ? await findConnection(tables, caller, id)
      : await findSeen(tables, caller, entity, one => tables.dataSources.find(one))
  if (!seen) throw new Fault('not_found', kind, `No ${kind} ${id}`)
  if (ACCESS.indexOf(seen.access) >= ACCESS.indexOf(access)) return
  throw new Fault('forbidden', 'project', `This needs to be ${access} on its access list, as when it was asked first`)
}

async function checkInstance(tables: Tables, caller: Caller, { id }: Of<'instance'>): Promise<void> {
  if (!(await tables.instances.find(id)) || (await findInstance(tables, caller, id))) return
  throw new Fault('not_found', 'instance', `No instance ${id}`)
}
