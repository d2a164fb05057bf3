import { Type } from 'typebox'
import type { Project } from '../../../domain/callers/project.ts'
import { Id, Links, listOf, Timestamp, toTimestamp } from './common.ts'

const Tags = Type.Array(Type.Object({ key: Type.String(), value: Type.String() }))

export const Group = Type.Object(
  {
    id: Id,
    orgId: Id,
    name: Type.String(),
    clusterCount: Type.Integer(),
    created: Timestamp,
    tags: Tags,
    withDefaultAlertsSettings: Type.Boolean(),
    links: Links,
  },
  { $id: 'Group', description: 'A project' },
)
export const GroupList = listOf(Group, 'GroupList')

const name = Type.String({ pattern: "^[\\p{L}\\p{N}\\-_.(),:&@+']{1,64}$" })

export const NewGroup = Type.Object(
  {
    name,
    orgId: Type.String(),
    tags: Type.Optional(Tags),
    withDefaultAlertsSettings: Type.Optional(Type.Boolean()),
    regionUsageRestrictions: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
)

export const ChangedGroup = Type.Object(
  { name: Type.Optional(name), tags: Type.Optional(Tags) },
  { additionalProperties: false },
)

export function fromProject(project: Project, more: { readonly orgId: string; readonly clusterCount: number }) {
  const { id, name, createdAt } = project
  return { id, name, ...more, created: toTimestamp(createdAt), tags: [], withDefaultAlertsSettings: false }
}

export const GroupSettings = Type.Object(
  {
    isCollectDatabaseSpecificsStatisticsEnabled: Type.Boolean(),
    isDataExplorerEnabled: Type.Boolean(),
    isExtendedStorageSizesEnabled: Type.Boolean(),
    isPerformanceAdvisorEnabled: Type.Boolean(),
    isRealtimePerformancePanelEnabled: Type.Boolean(),
    isSchemaAdvisorEnabled: Type.Boolean(),
  },
  { $id: 'GroupSettings' },
)

/** Nothing of the kind runs here. */
export const NO_SETTINGS = {
  isCollectDatabaseSpecificsStatisticsEnabled: false,
  isDataExplorerEnabled: false,
  isExtendedStorageSizesEnabled: false,
  isPerformanceAdvisorEnabled: false,
  isRealtimePerformancePanelEnabled: false,
  isSchemaAdvisorEnabled: false,
}
