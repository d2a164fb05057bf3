import type { Dialect } from '../../domain/caller.ts'
import { type Context, fromJson, withNulls, withoutNulls } from '../context.ts'
import type { UserRecordRow } from '../schema.ts'
import type { Vault } from '../sealing/vault.ts'
import type { UserRecords } from '../store.ts'
import type { UserRecord } from '../user-record.ts'
import { putExpiry } from './expiries.ts'

/** Keys in one question: both databases have a limit on parameters. */
const AT_ONCE = 1_000

export function userTable({ db, vault }: Context): UserRecords {
  const select = (instanceId: string) => db.selectFrom('userRecords').selectAll().where('instanceId', '=', instanceId)
  return {
    async find(instanceId, key) {
      const row = await select(instanceId).where('userKey', '=', key).executeTakeFirst()
      return row && recordFrom(vault, row)
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
    async put(record) {
      const row = toRow(vault, record)
      await db
        .insertInto('userRecords')
        .values(row)
        .onConflict(taken => taken.columns(['instanceId', 'userKey']).doUpdateSet(row))
        .execute()
      await putExpiry(db, record)
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
