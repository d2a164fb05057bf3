import { Fault } from '../../domain/fault.ts'
import type { Secret } from '../../domain/secret.ts'
import type { PolicyInForce } from '../../domain/servers/policy.ts'
import type { Instances } from '../instances/instances.ts'
import { endOfNew } from '../users/ends.ts'
import { checkPassword } from '../users/user-rules.ts'
import { isKeptElsewhere } from './kept-elsewhere.ts'
import { isGone, type Known, livesOn } from './known.ts'
import type { Cluster, ProjectParts } from './project-user.ts'
import { isExpired, isPlaced, isThere } from './records.ts'
import { lookAt, ownLogins } from './sight.ts'

/** What keeps a change of a project's user from being made. */
export function createChecks(parts: ProjectParts & { readonly instances: Instances }) {
  const { store, rules, instances } = parts

  async function notOwn(clusters: readonly Cluster[], key: string): Promise<void> {
    const own = await Promise.all(clusters.map(cluster => ownLogins(parts, cluster)))
    const found = clusters.find((_, at) => own[at]!.has(key))
    const elsewhere = found ?? (await firstKeptElsewhere(clusters, key))
    if (elsewhere) throw new Fault('in_use', 'user', `Rolecall itself logs in to ${elsewhere.name} by this name`)
  }

  async function firstKeptElsewhere(clusters: readonly Cluster[], key: string): Promise<Cluster | undefined> {
    for (const cluster of clusters) if (await isKeptElsewhere(parts, cluster, key)) return cluster
    return undefined
  }

  /** What others made is changed where the policy lets it be. */
  async function mayAdopt(known: Known): Promise<void> {
    if (known.record) return
    for (const cluster of known.clusters.filter(one => livesOn(known, one))) {
      if ((await instances.policyOf(cluster.instance)).manageExisting) continue
      const words = `${known.key.name} was made by others, and ${cluster.name} keeps such logins as they are`
      throw new Fault('forbidden', 'user', words)
    }
  }

  async function room(projectId: string, key: string, now: number): Promise<void> {
    const records = await store.read.projectRecords.list(projectId, 'user')
    const others = records.filter(record => record.key !== key && isThere(record, now))
    if (others.length >= rules.mostUsers)
      throw new Fault('too_large', 'user', `A project has ${rules.mostUsers} users at most`)
  }

  /** A name is taken by a user of the project, and by one on its way out; of one that others made its server tells. */
  async function free(
    projectId: string,
    key: string,
    clusters: readonly Cluster[],
    signal: AbortSignal,
    now: number,
  ): Promise<void> {
    const record = await store.read.projectRecords.find(projectId, 'user', key)
    if (!record) return
    const sight = await lookAt(parts, clusters, signal, key)
    if (record.open?.change === 'remove') throw taken('is on its way out, and not gone from every server yet')
    if (isExpired(record, now) && clusters.some(cluster => isPlaced(record, cluster, sight)))
      throw taken('is over, and not gone from every server yet')
    if (isThere(record, now) && !isGone({ record, clusters, sight })) throw taken('is there already')
  }

  async function password(on: readonly Cluster[], secret: Secret): Promise<void> {
    const policies: readonly PolicyInForce[] = await Promise.all(on.map(({ instance }) => instances.policyOf(instance)))
    for (const policy of policies) checkPassword(secret, policy)
  }

  /** The earliest of what was asked for and what each server's policy says. */
  async function end(on: readonly Cluster[], asked: number | undefined, now: number): Promise<number | undefined> {
    const wish = asked === undefined ? undefined : { until: asked }
    const policies = await Promise.all(on.map(({ instance }) => instances.policyOf(instance)))
    const some = [...policies.map(policy => endOfNew(wish, policy, now)), asked].filter(one => one !== undefined)
    return some.length === 0 ? undefined : Math.min(...some)
  }

  return { notOwn, mayAdopt, room, free, password, end }
}

function taken(words: string): Fault {
  return new Fault('exists', 'user', `A user of this name ${words}`)
}
