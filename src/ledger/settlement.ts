import type { Operation, OperationTarget, TargetOutcome } from '../domain/operations/operation.ts'
import type { Secret } from '../domain/secret.ts'
import { type Change, endOf, goesForward, passwordOf } from '../domain/users/change.ts'
import { type DatabaseUser, userKeyText } from '../domain/users/user.ts'
import type { Tables } from '../store/store.ts'
import type { UserRecord } from '../store/user-record.ts'

/** What the caller wants remembered beside the engine once the change has settled. */
export interface RecordWish {
  readonly username: string
  readonly labels?: Readonly<Record<string, string>>
  readonly description?: string
  readonly asked?: Readonly<Record<string, unknown>>
  /** The caller chose the password: it is never answered. */
  readonly passwordChosen?: boolean
  /** Policy `passwordRecall` is `stored`. */
  readonly keepPassword?: boolean
  /** Connections that log in as this user: their sealed credential changes with its password. */
  readonly connections?: readonly string[]
}

/** What a settled target leaves to be handed over. One whose new password nobody can read does not settle: it would be lost for good. */
export function outcomeOf(change: Change, user: DatabaseUser | undefined, wish: RecordWish): TargetOutcome {
  const password = passwordOf(change)
  password?.checkThere()
  return { user, password: wish.passwordChosen ? undefined : password }
}

/** Writes, in the settling transaction, what we know of the subject now. */
export async function remember(
  tables: Tables,
  operation: Pick<Operation, 'id' | 'operatorId' | 'dialect'>,
  target: OperationTarget,
  outcome: TargetOutcome,
  wish: RecordWish,
  now: number,
): Promise<void> {
  if (target.subject.kind !== 'user') return
  if (target.kind === 'drop-user') return tables.users.remove(target.instanceId, target.subject.key)
  const { instanceId, subject } = target
  const after = await tables.users.change(instanceId, subject.key, before =>
    recordAfter(operation, target, outcome, wish, now, before),
  )
  const isRenamed = target.change.kind === 'rename-user' && after?.key !== subject.key
  if (isRenamed) await tables.users.remove(instanceId, subject.key)
  await changeCredentials(tables, wish.connections ?? [], passwordOf(target.change))
}

/** Pure: the record once `target` has settled; undefined where there is nothing to remember. */
export function recordAfter(
  operation: Pick<Operation, 'id' | 'operatorId' | 'dialect'>,
  target: OperationTarget,
  outcome: TargetOutcome,
  wish: RecordWish,
  now: number,
  before?: UserRecord,
): UserRecord | undefined {
  const incarnation = outcome.user?.incarnation
  const same = before && before.incarnation === incarnation ? before : undefined
  const password = passwordOf(target.change)
  const end = endOf(target.change)
  const isNoted = wish.labels !== undefined || wish.description !== undefined || end?.until !== undefined
  if (target.kind !== 'create-user' && !password && !same && !isNoted) return undefined
  const made = {
    operationId: operation.id,
    operatorId: operation.operatorId,
    username: wish.username,
    dialect: operation.dialect,
    at: now,
  }
  return {
    instanceId: target.instanceId,
    key: target.change.kind === 'rename-user' ? userKeyText(target.change.to) : target.subject.key,
    incarnation,
    madeBy: target.kind === 'create-user' ? made : same?.madeBy,
    passwordChangedAt: password ? now : same?.passwordChangedAt,
    labels: wish.labels ?? same?.labels ?? {},
    description: wish.description ?? same?.description,
    validUntil: end && isSubject(target, incarnation) ? end.until : same?.validUntil,
    asked: { ...same?.asked, ...wish.asked },
    password: password ? (wish.keepPassword ? password : undefined) : same?.password,
  }
}

/** A login that somebody made anew meanwhile does not get the end that was meant for the one before it. */
function isSubject({ kind, incarnation: meant }: OperationTarget, incarnation: string | undefined): boolean {
  return incarnation !== undefined && (kind === 'create-user' || meant === incarnation)
}

async function changeCredentials(tables: Tables, ids: readonly string[], secret?: Secret): Promise<void> {
  if (!secret) return
  for (const id of ids) {
    // Held: whoever changes it meanwhile waits, and its new password is not lost to a version that moved on.
    const connection = await tables.connections.hold(id)
    if (connection) await tables.connections.save(connection, { kind: 'sealed', secret })
  }
}

/** True if recovery may close it as undone when nothing of it has been applied. */
export function mayUndo(target: OperationTarget): boolean {
  return !goesForward(target.change)
}
