import { Type } from 'typebox'
import type { AccessListEntry } from '../../../domain/callers/access-list-entry.ts'
import type { EntryWish } from '../../../services/network/access-list-entries.ts'
import { refusal } from '../refusals/refusal.ts'
import { Id, Links, listOf, Timestamp, toTimestamp } from './common.ts'
import { endFrom } from './dates.ts'
import { addressIn, networkFrom } from './networks.ts'

export const Entry = Type.Object(
  {
    cidrBlock: Type.String(),
    ipAddress: Type.Optional(Type.String()),
    comment: Type.String(),
    groupId: Id,
    deleteAfterDate: Type.Optional(Timestamp),
    links: Links,
  },
  { $id: 'AccessListEntry' },
)
export const EntryList = listOf(Entry, 'AccessListEntries')
export const EntryStatus = Type.Object({ STATUS: Type.String() }, { $id: 'AccessListEntryStatus' })

const orNull = (more: object = {}) => Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], ...more }))

const NewEntry = Type.Object(
  {
    ipAddress: orNull(),
    cidrBlock: orNull(),
    awsSecurityGroup: orNull(),
    comment: orNull({ maxLength: 80 }),
    deleteAfterDate: orNull(),
    // Clients echo what they have read.
    groupId: orNull(),
    links: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
)
type NewEntry = Type.Static<typeof NewEntry>

export const NewEntries = Type.Array(NewEntry, { minItems: 1 })

export function toEntry(wished: NewEntry, groupId: string): EntryWish {
  const { awsSecurityGroup, comment, deleteAfterDate, groupId: own } = wished
  if (own && own !== groupId) throw refusal('GROUP_MISMATCH')
  if (awsSecurityGroup) throw refusal('FEATURE_UNSUPPORTED', 'security groups of AWS')
  const deleteAt = deleteAfterDate ? endFrom(deleteAfterDate) : undefined
  return { network: networkFrom(wished), comment: comment || undefined, deleteAt }
}

export function fromEntry({ network, comment = '', projectId, deleteAt }: AccessListEntry) {
  return {
    cidrBlock: network,
    ipAddress: addressIn(network),
    comment,
    groupId: projectId,
    deleteAfterDate: deleteAt === undefined ? undefined : toTimestamp(deleteAt),
  }
}
