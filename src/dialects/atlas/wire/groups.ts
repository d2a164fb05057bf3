import { Type } from 'typebox'
import type { Project } from '../../../domain/project.ts'
import { Id, Links, Timestamp, toTimestamp } from './common.ts'

export const Group = Type.Object(
  {
    id: Id,
    orgId: Id,
    name: Type.String(),
    clusterCount: Type.Integer(),
    created: Timestamp,
    tags: Type.Array(Type.Object({ key: Type.String(), value: Type.String() })),
    withDefaultAlertsSettings: Type.Boolean(),
    links: Links,
  },
  { $id: 'Group', description: 'A project' },
)

export function fromProject(project: Project, more: { readonly orgId: string; readonly clusterCount: number }) {
  const { id, name, createdAt } = project
  return { id, name, ...more, created: toTimestamp(createdAt), tags: [], withDefaultAlertsSettings: false }
}
