import type { Change } from '../../domain/change.ts'
import type { Secret } from '../../domain/secret.ts'
import { type UserKey, userKeyText } from '../../domain/user.ts'
import type { FanOutTarget } from '../../ledger/fan-out/order.ts'
import type { Tables } from '../../store/store.ts'
import type { Asked } from '../operations/prepared.ts'
import { comesTo, incarnationOn, isRefused, type Known, livesOn } from './known.ts'
import type { Cluster, WantedUser } from './project-user.ts'
import { incarnationsOf } from './records.ts'

const wishOf = ({ caller }: Asked) => ({ username: caller.operator.username, passwordChosen: true })

export interface Making {
  readonly wanted: WantedUser
  readonly password: Secret
  /** The operation that was to make it there, and that this takes the place of. */
  readonly over?: string
  /** Incarnations of its logins, one of which may be there from before. */
  readonly known?: readonly string[]
}

export function createTarget(asked: Asked, { instance }: Cluster, key: UserKey, making: Making): FanOutTarget {
  const { wanted, password, over, known } = making
  const end = wanted.validUntil === undefined ? undefined : { until: wanted.validUntil }
  const user = { ...key, settings: {}, engineRoles: wanted.roles, grants: [] }
  const change: Change = { kind: 'create-user', user, password, ahead: true, end, over, known }
  return { instanceId: instance.id, change, wish: wishOf(asked) }
}

export interface Changing {
  readonly before: WantedUser
  readonly wanted: WantedUser
  readonly password?: Secret
  /** Roles were asked for: they are set whatever the record says, for others may have changed them. */
  readonly setsRoles: boolean
}

/** What is to be done on a server of its scopes; nothing where it is so already. */
export function changeTargets(
  asked: Asked,
  cluster: Cluster,
  known: Known,
  changing: Changing,
): readonly FanOutTarget[] {
  const { before, wanted } = changing
  if (!livesOn(known, cluster)) return isRefused(known, cluster) ? [] : joinTargets(asked, cluster, known, changing)
  const { validUntil } = wanted
  const end = validUntil === before.validUntil ? {} : { end: { until: validUntil, before: before.validUntil } }
  // What waits for that server is told anew as a whole: this takes its place.
  const isWaited = known.pending.has(cluster.instance.id)
  const roles = changing.setsRoles || isWaited ? { roles: wanted.roles } : {}
  const secret = changing.password ?? (isWaited ? known.record?.password : undefined)
  const password = secret ? { password: secret } : {}
  if (!('roles' in roles || secret || 'end' in end)) return []
  const change: Change = { kind: 'replace-user', key: known.key, ...roles, ...password, ...end }
  return [{ instanceId: cluster.instance.id, change, wish: wishOf(asked), incarnation: incarnationOn(known, cluster) }]
}

/** Whoever knows no password can't make it there: it waits for one. */
function joinTargets(asked: Asked, cluster: Cluster, known: Known, { wanted, password }: Changing) {
  const secret = password ?? known.record?.password
  const over = known.pending.get(cluster.instance.id)?.operationId
  const own = known.record && incarnationsOf(known.record.places)
  return secret ? [createTarget(asked, cluster, known.key, { wanted, password: secret, over, known: own })] : []
}

/** Where it is, it is dropped; where it was only to come, what may have come of that is taken back. */
export function dropTarget(asked: Asked, cluster: Cluster, known: Known): FanOutTarget {
  const { key, pending } = known
  const { id: instanceId } = cluster.instance
  const wish = wishOf(asked)
  if (!livesOn(known, cluster) && comesTo(known, cluster)) {
    const of = pending.get(instanceId)?.operationId
    return { instanceId, change: { kind: 'undo-create-user', key, of }, wish }
  }
  const incarnation = incarnationOn(known, cluster)
  return { instanceId, change: { kind: 'drop-user', key, onOwned: 'refuse', incarnation }, wish, incarnation }
}

/** What still waits there need not be done: this says what is to be. Only what was looked at when this was planned; an attempt is waited for. */
export async function supersedeOn(
  tables: Tables,
  targets: readonly FanOutTarget[],
  { key, pending }: Pick<Known, 'key' | 'pending'>,
): Promise<readonly string[]> {
  const subject = { kind: 'user', key: userKeyText(key) } as const
  const superseded: string[] = []
  for (const { instanceId } of targets) {
    const known = pending.get(instanceId)
    const open = known && (await tables.operations.findOpen(instanceId, subject))
    if (!open || open.id !== known.operationId) continue
    if (await tables.operations.supersede(instanceId, subject, await tables.now())) superseded.push(instanceId)
  }
  return superseded
}
