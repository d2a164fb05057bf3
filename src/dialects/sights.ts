import type { Dialect } from '../domain/callers/caller.ts'
import type { EngineName } from '../domain/servers/instance.ts'
import { ATLAS_ENGINES } from './atlas/engine-words.ts'
import { CLUSTER_ENGINES } from './digitalocean/engine-words.ts'
import { DATASTORE_ENGINES } from './trove/datastores/datastores.ts'

/** The dialects that show instances under names of their own, and of which engines: for whoever tells of all dialects. */
export const SIGHTS: Readonly<Partial<Record<Dialect, readonly EngineName[]>>> = {
  digitalocean: CLUSTER_ENGINES,
  trove: DATASTORE_ENGINES,
  atlas: ATLAS_ENGINES,
}
