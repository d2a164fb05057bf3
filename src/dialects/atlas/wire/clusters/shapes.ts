import type { Cluster } from '../../clusters/cluster.ts'
import { clusterIdOf } from '../../clusters/cluster.ts'
import { toTimestamp } from '../common.ts'
import { addressesIn } from './connection-strings.ts'

/** Servers that somebody else runs have neither a provider nor a size: words that clients take, and that promise nothing. */
const PROVIDER = 'TENANT'
const SIZE = 'M0'
const NODES = 3
const PRIORITY = 7

/** A cluster in the shape of one version of the resource. */
export function fromCluster(cluster: Cluster, version: string) {
  const shape = SHAPES[version] ?? latest
  return { ...common(cluster), ...shape(cluster) }
}

function common({ view, state, server }: Cluster) {
  const { instance, name } = view
  return {
    id: clusterIdOf(instance),
    groupId: instance.projectId,
    name,
    clusterType: typeOf(server),
    stateName: state,
    mongoDBVersion: server?.version,
    mongoDBMajorVersion: server?.version.split('.', 2).join('.'),
    paused: false,
    backupEnabled: false,
    pitEnabled: false,
    terminationProtectionEnabled: false,
    createDate: toTimestamp(instance.createdAt),
    labels: [],
    tags: [],
    diskSizeGB: null,
    versionReleaseSystem: 'LTS',
  }
}

/** A lone server, too, is what this API calls a replica set. */
function typeOf(server: Cluster['server']): 'REPLICASET' | 'SHARDED' {
  return server?.variant === 'sharded' ? 'SHARDED' : 'REPLICASET'
}

const regionOf = ({ view }: Cluster): string => view.instance.slug.toUpperCase().replaceAll('-', '_')

/** 2023-01-01, which is v1.0. */
function first(cluster: Cluster) {
  const [id, region] = [clusterIdOf(cluster.view.instance), regionOf(cluster)]
  const addresses = addressesIn(cluster)
  const nodes = { analyticsNodes: 0, electableNodes: NODES, priority: PRIORITY, readOnlyNodes: 0 }
  const regionsConfig = { [region]: nodes }
  return {
    connectionStrings: addresses ? { standard: addresses.standard } : {},
    mongoURI: addresses?.plain,
    mongoURIWithOptions: addresses?.standard,
    mongoURIUpdated: addresses && toTimestamp(cluster.view.instance.updatedAt),
    numShards: 1,
    providerBackupEnabled: false,
    providerSettings: { instanceSizeName: SIZE, providerName: PROVIDER, regionName: region },
    replicationFactor: NODES,
    replicationSpec: regionsConfig,
    replicationSpecs: [{ id, numShards: 1, regionsConfig, zoneName: ZONE }],
  }
}

/** 2023-02-01, which is v1.5. */
function advanced(cluster: Cluster) {
  const spec = { id: clusterIdOf(cluster.view.instance), numShards: 1, ...regionsOf(cluster) }
  return { ...strings(cluster), replicationSpecs: [spec] }
}

/** 2024-08-05: one entry for each shard. */
function latest(cluster: Cluster) {
  const id = clusterIdOf(cluster.view.instance)
  return { ...strings(cluster), replicationSpecs: [{ id, zoneId: id, ...regionsOf(cluster) }] }
}

const ZONE = 'Zone 1'

function regionsOf(cluster: Cluster) {
  const region = {
    electableSpecs: { instanceSize: SIZE, nodeCount: NODES },
    priority: PRIORITY,
    providerName: PROVIDER,
    regionName: regionOf(cluster),
  }
  return { regionConfigs: [region], zoneName: ZONE }
}

function strings(cluster: Cluster) {
  const addresses = addressesIn(cluster)
  return { connectionStrings: addresses ? { standard: addresses.standard } : {} }
}

const SHAPES: Readonly<Record<string, (cluster: Cluster) => object>> = {
  '2023-01-01': first,
  '2023-02-01': advanced,
  '2024-08-05': latest,
}
