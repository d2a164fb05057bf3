import type { Dialect } from '../../../domain/callers/caller.ts'
import { type Context, fromJson, withNulls, withoutNulls } from '../../context.ts'
import type { UserRecords } from '../../interface/users.ts'
import { repeated } from '../../repeated.ts'
import type { UserRecordRow } from '../../rows/users.ts'
import type { Vault } from '../../sealing/vault.ts'
import type { UserRecord } from '../../user-record.ts'
import { putExpiry } from './expiries.ts'

/** Keys in one question: both databases have a limit on parameters. */
const AT_ONCE = 1_000

export function userTable(context: Context): UserRecords {
  const { db, vault, words } = context
  const select = (instanceId: string) => db.selectFrom('userRecords').selectAll().where('instanceId', '=', instanceId)
  const insert = (row: UserRecordRow) => db.insertInto('userRecords').values(row)

  async function hold(instanceId: string, key: string): Promise<UserRecord | undefined> {
    const { rows } = await repeated(context, 'hold user', [{ instanceId, key }], ([of]) => {
      const query = select(of!.instanceId).where('userKey', '=', of!.key)
      return words.rowLocks ? query.forUpdate() : query
    })
    return rows[0] && recordFrom(vault, rows[0])
  }

  async function put(record: UserRecord): Promise<void> {
    const row = toRow(vault, record)
    await insert(row)
      .onConflict(taken => taken.columns(['instanceId', 'userKey']).doUpdateSet(row))
      .execute()
    await putExpiry(db, record)
  }

  /** False: somebody else has added one meanwhile. */
  async function add(record: UserRecord): Promise<boolean> {
    const { numAffectedRows } = await repeated(context, 'add user', [toRow(vault, record)], ([row]) =>
      insert(row!).onConflict(taken => taken.doNothing()),
    )
    if (numAffectedRows !== 1n) return false
    // Ends go with their records, so there is none yet.
    if (record.validUntil !== undefined) await putExpiry(db, record)
    return true
  }
  return {
    async find(instanceId, key) {
      const { rows } = await repeated(context, 'find user', [{ instanceId, key }], ([of]) =>
        select(of!.instanceId).where('userKey', '=', of!.key),
      )
      return rows[0] && recordFrom(vault, rows[0])
    },
    async findMany(instanceId, keys) {
      const found = new Map<string, UserRecord>()
      for (let at = 0; at < keys.length; at += AT_ONCE) {
        const rows = await select(instanceId)
          .where('userKey', 'in', keys.slice(at, at + AT_ONCE))
          .execute()
        for (const row of rows) found.set(row.userKey, recordFrom(vault, row))
      }
      return found
    },
    put,
    async change(instanceId, key, change) {
      while (true) {
        const before = await hold(instanceId, key)
        const after = change(before)
        if (!after) return undefined
        // Where there is no row yet, there is none to lock either: of two that add it, the later begins again.
        if (!before && after.key === key && !(await add(after))) continue
        if (before || after.key !== key) await put(after)
        return after
      }
    },
    async remove(instanceId, key) {
      await db.deleteFrom('userRecords').where('instanceId', '=', instanceId).where('userKey', '=', key).execute()
    },
    async count(instanceId) {
      const query = db.selectFrom('userRecords').where('instanceId', '=', instanceId)
      const { rows } = await query.select(eb => eb.fn.countAll<number>().as('rows')).executeTakeFirstOrThrow()
      return rows
    },
  }
}

export function passwordPlace(instanceId: string, key: string) {
  return ['user_records', `${instanceId} ${key}`, 'password'] as const
}

function toRow(vault: Vault, record: UserRecord): UserRecordRow {
  return withNulls({
    instanceId: record.instanceId,
    userKey: record.key,
    incarnation: record.incarnation,
    madeOperationId: record.madeBy?.operationId,
    madeOperatorId: record.madeBy?.operatorId,
    madeUsername: record.madeBy?.username,
    madeDialect: record.madeBy?.dialect,
    madeAt: record.madeBy?.at,
    passwordChangedAt: record.passwordChangedAt,
    labels: JSON.stringify(record.labels),
    description: record.description,
    validUntil: record.validUntil,
    asked: JSON.stringify(record.asked),
    password: record.password && vault.seal(record.password, passwordPlace(record.instanceId, record.key)),
  })
}

function recordFrom(vault: Vault, row: UserRecordRow): UserRecord {
  const { instanceId, userKey, incarnation, passwordChangedAt, description, validUntil } = withoutNulls(row)
  return withoutNulls({
    instanceId,
    key: userKey,
    incarnation,
    madeBy: makerOf(row),
    passwordChangedAt,
    labels: fromJson<Record<string, string>>(row.labels),
    description,
    validUntil,
    asked: fromJson<Record<string, unknown>>(row.asked),
    password: row.password === null ? undefined : vault.openLater(row.password, passwordPlace(instanceId, userKey)),
  })
}

function makerOf(row: UserRecordRow): UserRecord['madeBy'] {
  if (row.madeOperationId === null) return undefined
  return {
    operationId: row.madeOperationId,
    operatorId: row.madeOperatorId!,
    username: row.madeUsername!,
    dialect: row.madeDialect as Dialect,
    at: row.madeAt!,
  }
}
