import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify'
import type { ConnectionShown } from '../../services/connections/connections.ts'
import type { DataSourceSeen } from '../../services/instances/data-sources.ts'
import type { RequestTypes } from '../validation.ts'
import type { PageWanted } from './pagination.ts'
import type { Subject } from './subject.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Whom `{userId}` names, once the caller has been found to have the right there. */
    subject: Subject
    /** The connection that the path names, once the caller has been found to have the right to it. */
    found: ConnectionShown
    /** The data source that the path names, likewise. */
    foundSource: DataSourceSeen
    /** What `limit`, `page` and `q` say, once they have been found right. */
    pageWanted: PageWanted
  }
  interface FastifyContextConfig {
    readonly body?: BodyRules
    /** Asked without a key too, by people who have none yet. */
    readonly mayBeNew?: true
  }
}

/** How a route takes its body. */
export interface BodyRules {
  /** Where the fields of a thing lie in it. */
  readonly envelope:
    | ''
    | `/${'databaseConnection' | 'dataSource' | 'team' | 'member' | 'grant' | 'user' | 'organisation' | 'invitation'}`
  /** What a violation answers: one operation has no 422. */
  readonly status: 400 | 422
  /** Nothing at all means `{}`. */
  readonly mayBeEmpty?: boolean
}

export type WiremockHttp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  RequestTypes
>
