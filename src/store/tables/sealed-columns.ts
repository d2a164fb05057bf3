import type { Schema } from '../schema.ts'
import type { Place } from '../sealing/vault.ts'
import { digestPlace } from './callers/key-rows.ts'
import { targetPlace } from './operations/operation-rows.ts'
import { answerPlace } from './operations/replays.ts'
import { clientKeyPlace, credentialPlace } from './servers/connection-rows.ts'
import { projectRecordPlace } from './users/project-records.ts'
import { passwordPlace } from './users/users.ts'

/** A column that holds sealed values, and what is sealed along with each: who seals a value anew must know. */
export interface SealedColumn {
  readonly table: keyof Schema
  readonly column: string
  /** Its primary key. */
  readonly key: readonly string[]
  place(key: readonly (string | number)[]): Place
}

type One = string & number

export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'apiKeys', column: 'digestMd5', key: ['id'], place: ([id]) => digestPlace(id as One, 'digest_md5') },
  { table: 'apiKeys', column: 'digestSha256', key: ['id'], place: ([id]) => digestPlace(id as One, 'digest_sha256') },
  { table: 'connections', column: 'credential', key: ['id'], place: ([id]) => credentialPlace(id as One) },
  { table: 'connections', column: 'tlsClientKey', key: ['id'], place: ([id]) => clientKeyPlace(id as One) },
  {
    table: 'userRecords',
    column: 'password',
    key: ['instanceId', 'userKey'],
    place: ([instanceId, userKey]) => passwordPlace(instanceId as One, userKey as One),
  },
  ...(['password', 'outcomePassword'] as const).map(
    (column): SealedColumn => ({
      table: 'operationTargets',
      column,
      key: ['operationId', 'position'],
      place: ([id, position]) => targetPlace(id as One, position as One, SNAKE[column]),
    }),
  ),
  ...(['password', 'nextPassword'] as const).map(
    (column): SealedColumn => ({
      table: 'projectRecords',
      column,
      key: ['projectId', 'kind', 'key'],
      place: ([projectId, kind, key]) =>
        projectRecordPlace({ projectId: projectId as One, kind: kind as One, key: key as One }, PROJECT_SNAKE[column]),
    }),
  ),
  {
    table: 'replays',
    column: 'answer',
    key: ['keyId', 'replayKey'],
    place: ([keyId, replayKey]) => answerPlace({ keyId: keyId as One, replayKey: replayKey as One }),
  },
]

const PROJECT_SNAKE = { password: 'password', nextPassword: 'next_password' } as const

const SNAKE = { password: 'password', outcomePassword: 'outcome_password' } as const
