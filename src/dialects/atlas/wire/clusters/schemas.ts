import { Type } from 'typebox'
import { Id, Links, listOf, Timestamp } from '../common.ts'

/** What all three shapes have; `replicationSpecs` differ, and v1.0 has some members more. */
export const ClusterBody = Type.Object(
  {
    id: Id,
    groupId: Id,
    name: Type.String({ pattern: '^[a-zA-Z0-9][a-zA-Z0-9-]*$' }),
    clusterType: Type.Enum(['REPLICASET', 'SHARDED']),
    stateName: Type.Enum(['IDLE', 'UPDATING', 'REPAIRING']),
    mongoDBVersion: Type.Optional(Type.String()),
    mongoDBMajorVersion: Type.Optional(Type.String()),
    connectionStrings: Type.Object({ standard: Type.Optional(Type.String()) }),
    paused: Type.Boolean(),
    backupEnabled: Type.Boolean(),
    createDate: Timestamp,
    labels: Type.Array(Type.Object({})),
    tags: Type.Array(Type.Object({})),
    diskSizeGB: Type.Null(),
    replicationSpecs: Type.Array(Type.Object({ zoneName: Type.String() }), { minItems: 1 }),
    mongoURI: Type.Optional(Type.String({ description: 'In the shape of v1.0 alone' })),
    numShards: Type.Optional(Type.Integer({ description: 'In the shape of v1.0 alone' })),
    links: Links,
  },
  { $id: 'Cluster', description: 'A MongoDB server that is managed here' },
)
export const ClusterList = listOf(ClusterBody, 'ClusterList')

const Summary = Type.Object({
  clusterId: Id,
  name: Type.String(),
  type: Type.String(),
  versions: Type.Array(Type.String()),
  availability: Type.String(),
  alertCount: Type.Integer(),
  authEnabled: Type.Boolean(),
  backupEnabled: Type.Boolean(),
  sslEnabled: Type.Boolean(),
  dataSizeBytes: Type.Integer(),
  nodeCount: Type.Integer(),
})
const ClustersOfGroup = Type.Object(
  {
    groupId: Id,
    groupName: Type.String(),
    orgId: Id,
    orgName: Type.String(),
    planType: Type.String(),
    tags: Type.Array(Type.String()),
    clusters: Type.Array(Summary),
  },
  { $id: 'ClustersOfGroup' },
)
export const AllClusters = listOf(ClustersOfGroup, 'AllClusters')

export const clusterSchemas = [ClusterBody, ClusterList, ClustersOfGroup, AllClusters]
