import type { EngineName } from '../../domain/servers/instance.ts'

/** What this API calls clusters. */
export const ATLAS_ENGINES: readonly EngineName[] = ['mongodb']
