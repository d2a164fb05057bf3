import type { Secret } from '../../domain/secret.ts'
import { type Change, passwordOf } from '../../domain/users/change.ts'
import { type UserKey, userKeyText } from '../../domain/users/user.ts'
import type { FanOutTarget } from '../../ledger/fan-out/order.ts'
import type { Tables } from '../../store/store.ts'
import type { Asked } from '../operations/prepared.ts'
import { againFrom, comesTo, incarnationOn, isRefused, type Known, livesOn, marksOf } from './known.ts'
import type { Cluster, WantedUser } from './project-user.ts'
import { incarnationsOf } from './records.ts'

const wishOf = ({ caller }: Asked) => ({ username: caller.operator.username, passwordChosen: true })

export interface Making {
  readonly wanted: WantedUser
  readonly password: Secret
  /** Operations that were to make it there, and that this takes the place of. */
  readonly over?: readonly string[]
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
  // What waits for that server is told anew as a whole: this takes its place.
  const isWaited = known.pending.has(cluster.instance.id)
  const isSame = validUntil === before.validUntil && !isWaited
  const end = isSame ? {} : { end: { until: validUntil, before: before.validUntil } }
  const roles = changing.setsRoles || isWaited ? { roles: wanted.roles } : {}
  const secret = changing.password ?? (isWaited ? secretOf(known, cluster) : undefined)
  const password = secret ? { password: secret } : {}
  if (!('roles' in roles || secret || 'end' in end)) return []
  const change: Change = { kind: 'replace-user', key: known.key, ...roles, ...password, ...end }
  const incarnation = incarnationOn(known, cluster)
  return [
    { instanceId: cluster.instance.id, change, wish: wishOf(asked), incarnation, instead: insteadOn(known, cluster) },
  ]
}

/** Whoever knows no password can't make it there: it waits for one. */
function joinTargets(asked: Asked, cluster: Cluster, known: Known, { wanted, password }: Changing) {
  const secret = password ?? secretOf(known, cluster)
  if (!secret) return []
  const pending = known.pending.get(cluster.instance.id)
  const own = known.record && incarnationsOf(known.record.places)
  const making = { wanted, password: secret, over: pending && marksOf(pending), known: own }
  return [{ ...createTarget(asked, cluster, known.key, making), instead: insteadOn(known, cluster) }]
}

/** What that server is still to be told; else what is kept for those that join later. */
function secretOf({ pending, record }: Known, { instance }: Cluster): Secret | undefined {
  const waiting = pending.get(instance.id)
  return (waiting && passwordOf(waiting.change)) ?? record?.password
}

/** What waits there, and waits on where this comes to nothing. */
function insteadOn({ pending }: Known, { instance }: Cluster): Change | undefined {
  const waiting = pending.get(instance.id)
  return waiting && againFrom(waiting)
}

/** Where it is, it is dropped; where it was only to come, what may have come of that is taken back. */
export function dropTarget(asked: Asked, cluster: Cluster, known: Known): FanOutTarget {
  const { key, pending } = known
  const { id: instanceId } = cluster.instance
  const wish = wishOf(asked)
  const instead = insteadOn(known, cluster)
  if (!livesOn(known, cluster) && comesTo(known, cluster)) {
    const of = marksOf(pending.get(instanceId)!)
    return { instanceId, change: { kind: 'undo-create-user', key, of }, wish, instead }
  }
  const incarnation = incarnationOn(known, cluster)
  return { instanceId, change: { kind: 'drop-user', key, onOwned: 'refuse', incarnation }, wish, incarnation, instead }
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
