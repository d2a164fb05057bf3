import type { Caller } from '../../domain/callers/caller.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Instance } from '../../domain/servers/instance.ts'
import type { PolicyInForce } from '../../domain/servers/policy.ts'
import type { Expiry } from '../../domain/users/expiry.ts'
import { type DatabaseUser, type UserKey, userKeyText } from '../../domain/users/user.ts'
import type { Tables } from '../../store/store.ts'
import type { UserRecord } from '../../store/user-record.ts'
import { mayRecall } from '../access/server-admins.ts'

/** A login as the engine shows it, with what only we know of it. */
export interface UserShown {
  readonly instance: Instance
  readonly user: DatabaseUser
  /** Only if it is about this very login: what was known of an earlier one of its name is nobody's. */
  readonly record?: UserRecord
  /** How far its end has come, if it has one. */
  readonly expiry?: Expiry
}

/** Joins a page of logins with their records in one query. */
export async function withRecords(
  tables: Tables,
  instance: Instance,
  users: readonly DatabaseUser[],
): Promise<readonly UserShown[]> {
  const records = await tables.users.findMany(instance.id, users.map(userKeyText))
  const shown = users.map(user => ({ instance, user, record: fitting(user, records.get(userKeyText(user))) }))
  const ending = shown.flatMap(({ record }) => (record?.validUntil === undefined ? [] : [record.key]))
  if (ending.length === 0) return shown
  const expiries = await tables.expiries.findMany(instance.id, ending)
  return shown.map(one => (one.record ? { ...one, expiry: expiries.get(one.record.key) } : one))
}

export async function withRecord(tables: Tables, instance: Instance, user: DatabaseUser): Promise<UserShown> {
  const record = fitting(user, await tables.users.find(instance.id, userKeyText(user)))
  if (record?.validUntil === undefined) return { instance, user, record }
  const expiries = await tables.expiries.findMany(instance.id, [record.key])
  return { instance, user, record, expiry: expiries.get(record.key) }
}

/** The password that policy keeps, for a caller that may read it: one that opens the whole server is for admins. */
export function recalled(
  caller: Caller,
  { instance, user, record }: UserShown,
  policy: PolicyInForce,
): Secret | undefined {
  if (policy.passwordRecall !== 'stored' || !mayRecall(caller, instance.projectId, user)) return undefined
  return record?.password
}

function fitting(user: DatabaseUser, record: UserRecord | undefined): UserRecord | undefined {
  return record && record.incarnation === user.incarnation ? record : undefined
}

export function keyOf({ name, host, authDatabase }: UserKey): UserKey {
  return { name, host, authDatabase }
}
