import { Type } from 'typebox'
import { type RouteParts, readSignal, ref } from '../../request.ts'
import { checkMediaType } from '../bodies/bodies.ts'
import { checkValues } from '../bodies/validation.ts'
import type { WiremockHttp } from '../context.ts'
import { connectionWith, subjectWith } from '../subject.ts'
import { emptyIn, TestInput, toTyped } from '../wire/coordinates.ts'
import { refusals } from '../wire/errors.ts'
import { fromOutcome, TestOutcomeBody } from '../wire/tests.ts'
import { type Alias, ConnectionParams, tags } from './connections.ts'

/** Tries coordinates that are typed in. */
export function typedTestRoute(http: WiremockHttp, parts: RouteParts): void {
  const { connectionTests } = parts.services
  http.post(
    '/users/:userId/database-connections/test',
    {
      schema: {
        operationId: 'testDatabaseConnection',
        tags,
        summary: 'Try to connect; a failure is an answer too',
        params: Type.Object({ userId: Type.String() }),
        body: ref(TestInput),
        response: { 200: ref(TestOutcomeBody), ...refusals(400, 403, 429) },
      },
      config: { body: { envelope: '', status: 400 } },
      onRequest: [subjectWith(parts, 'administer'), checkMediaType],
    },
    async request => {
      const { body, caller, subject } = request
      const typed = toTyped(body)
      checkValues(request, TestInput, [...emptyIn(body), ...connectionTests.violationsOf(typed)])
      return fromOutcome(await connectionTests.typed(caller, subject.organisation, typed, readSignal(request, parts)))
    },
  )
}

/** Tries a connection with its stored secret. */
export function storedTestRoute(http: WiremockHttp, parts: RouteParts, { prefix, hide }: Alias): void {
  const { connectionTests } = parts.services
  http.post(
    `/${prefix}/:databaseConnectionId/test`,
    {
      schema: {
        operationId: 'testStoredDatabaseConnection',
        tags,
        summary: 'Try to connect with the stored password',
        hide,
        params: ConnectionParams,
        body: Type.Object({}),
        response: { 200: ref(TestOutcomeBody), ...refusals(400, 403, 404, 429) },
      },
      config: { body: { envelope: '', status: 400, mayBeEmpty: true } },
      onRequest: [connectionWith(parts, 'test'), checkMediaType],
    },
    async request => {
      const { caller, found } = request
      return fromOutcome(await connectionTests.stored(caller, found.connection.id, readSignal(request, parts)))
    },
  )
}
