import { type Static, Type } from 'typebox'
import type { UserKey } from '../../../../domain/users/user.ts'
import { ref } from '../../context.ts'
import { ChangeQuery, Plan, VerifiedChangeQuery } from '../../wire/common.ts'
import { OperationAnswer } from '../../wire/operations.ts'
import { toUserKey, UserChanged } from '../../wire/users.ts'

export const UserParams = Type.Object({ instance: Type.String(), user: Type.String() })
export const KeyQuery = Type.Object({ host: Type.Optional(Type.String()), authDatabase: Type.Optional(Type.String()) })
export const KeyChangeQuery = Type.Object({ ...ChangeQuery.properties, ...KeyQuery.properties })
export const KeyVerifiedQuery = Type.Object({ ...VerifiedChangeQuery.properties, ...KeyQuery.properties })

/** What a change of a login answers: what it is now, or with `dryRun` what would be done. */
export const changed = { 200: Type.Union([ref(UserChanged), ref(OperationAnswer), ref(Plan)]) }

interface AboutUser {
  readonly params: Static<typeof UserParams>
  readonly query: Static<typeof KeyQuery>
}

/** The instance and the login that a path names. */
export function subjectOf({ params, query }: AboutUser): readonly [instanceId: string, key: UserKey] {
  return [params.instance, toUserKey(params.user, query)]
}
