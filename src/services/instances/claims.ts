import type { Caller } from '../../domain/callers/caller.ts'
import { Fault } from '../../domain/fault.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { DialectView } from '../../store/interface/servers.ts'
import type { Tables } from '../../store/store.ts'
import { auditOf } from '../operations/audit.ts'

/** What a dialect wants an instance to be for it. */
export interface Claim {
  readonly alias: string
  /** What the dialect keeps, and tells back. */
  readonly details: Readonly<Record<string, unknown>>
  /** Undefined: the instance's stay. */
  readonly tags?: readonly string[]
}

/** Adopts an instance for the caller's dialect. */
export async function claim(tables: Tables, caller: Caller, instance: Instance, wanted: Claim): Promise<void> {
  const { alias, details, tags } = wanted
  // Names are given one after the other: no index looks at names and aliases at once.
  await tables.projects.hold(instance.projectId)
  const before = await tables.instances.view(instance.id, caller.dialect)
  if (before?.state === 'claimed' && before.alias !== alias)
    throw new Fault('invalid', 'instance', 'The instance has been adopted under another name')
  await checkFree(tables, caller, instance, alias)
  await tables.instances.setView(instance.id, caller.dialect, { state: 'claimed', alias, details })
  const now = await tables.now()
  if (tags) await tables.instances.save({ ...instance, tags, updatedAt: now })
  await audit(tables, caller, instance, 'instance.adopt', [alias])
}

/** Hides an instance from the caller's dialect; what the dialect kept of it is forgotten. */
export async function release(tables: Tables, caller: Caller, instance: Instance): Promise<void> {
  await tables.projects.hold(instance.projectId)
  await tables.instances.setView(instance.id, caller.dialect, { state: 'released', details: {} })
  await audit(tables, caller, instance, 'instance.release', [])
}

/** False: it has been released. */
export async function noteDetails(
  tables: Tables,
  caller: Caller,
  instance: Instance,
  details: Claim['details'],
): Promise<boolean> {
  await tables.projects.hold(instance.projectId)
  const before = (await tables.instances.view(instance.id, caller.dialect)) ?? LISTED
  if (before.state === 'released') return false
  await tables.instances.setView(instance.id, caller.dialect, { ...before, details: { ...before.details, ...details } })
  await audit(tables, caller, instance, 'instance.change', Object.keys(details))
  return true
}

/** False: it has been released. */
export async function renameTo(tables: Tables, caller: Caller, instance: Instance, alias: string): Promise<boolean> {
  await tables.projects.hold(instance.projectId)
  const before = (await tables.instances.view(instance.id, caller.dialect)) ?? LISTED
  if (before.state === 'released') return false
  await checkFree(tables, caller, instance, alias)
  await tables.instances.setView(instance.id, caller.dialect, { ...before, state: 'claimed', alias })
  await audit(tables, caller, instance, 'instance.rename', [alias])
  return true
}

/** Says nothing, and writes nothing, where they stay as they are. */
export async function changeTags(
  tables: Tables,
  caller: Caller,
  instance: Instance,
  tags: readonly string[],
): Promise<void> {
  if (JSON.stringify(tags) === JSON.stringify(instance.tags)) return
  await tables.instances.save({ ...instance, tags, updatedAt: await tables.now() })
  await audit(tables, caller, instance, 'instance.change', ['tags'])
}

const LISTED: DialectView = { state: 'listed', details: {} }

/** Names are unique as the dialect shows them: those of others that it shows under their own, and aliases. */
async function checkFree(tables: Tables, { dialect }: Caller, instance: Instance, alias: string): Promise<void> {
  const views = await tables.instances.views(instance.projectId, dialect)
  const aliased = [...views].some(([id, view]) => id !== instance.id && view.alias === alias)
  const named = await tables.instances.findNamed(instance.projectId, { name: alias })
  const isNamed = named && named.id !== instance.id && isListed(views.get(named.id))
  if (!aliased && !isNamed) return
  throw new Fault('exists', 'instance', `${alias} is the name of another instance`)
}

function isListed(view: DialectView | undefined): boolean {
  return (view ?? LISTED).state === 'listed'
}

async function audit(
  tables: Tables,
  caller: Caller,
  { id, projectId }: Instance,
  action: string,
  detail: readonly string[],
): Promise<void> {
  const line = { projectId, instanceId: id, action, subject: id, detail, at: await tables.now() }
  await tables.audit.add(auditOf(caller, line))
}
