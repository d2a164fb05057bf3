import { Type } from 'typebox'
import { answerChange } from '../answering.ts'
import { type NativeHttp, noteOperation, type RouteParts, ref } from '../context.ts'
import { answerOf } from '../handing-over.ts'
import { listOf, sendList } from '../lists.ts'
import { fromOperation, OperationAnswer, OperationBody, OperationQuery } from '../wire/operations.ts'
import { UserChanged } from '../wire/users.ts'

export const operationSchemas = [OperationBody, OperationAnswer]

const ProjectParams = Type.Object({ project: Type.String() })
const OperationParams = Type.Object({ project: Type.String(), operation: Type.String() })

/** The ledger: what was asked, what is under way, what is stuck. */
export function operationRoutes(http: NativeHttp, parts: RouteParts): void {
  const { operations } = parts.services
  const tags = ['Operations']
  const path = '/projects/:project/operations'

  http.get(
    path,
    {
      schema: {
        operationId: 'listOperations',
        tags,
        summary: 'Operations, newest first',
        params: ProjectParams,
        querystring: OperationQuery,
        response: { 200: listOf(ref(OperationBody)) },
      },
    },
    (request, reply) => {
      const { state, instance } = request.query
      const filter = { projectId: request.params.project, state, instanceId: instance }
      return sendList(request, reply, page => operations.list(request.caller, filter, page), fromOperation)
    },
  )

  http.get(
    `${path}/:operation`,
    {
      schema: {
        operationId: 'getOperation',
        tags,
        summary: 'One operation: targets, steps, attempts',
        params: OperationParams,
        response: { 200: ref(OperationBody) },
      },
    },
    async ({ caller, params }) => fromOperation(await operations.get(caller, params.project, params.operation)),
  )

  http.post(
    `${path}/:operation/retry`,
    {
      schema: {
        operationId: 'retryOperation',
        tags,
        summary: 'Try a stuck one now',
        params: OperationParams,
        response: { 202: ref(OperationBody) },
      },
    },
    (request, reply) => {
      const { project, operation } = request.params
      const retry = () => operations.retry(request.caller, project, operation)
      return answerChange(request, reply, done => ({ status: 202, body: fromOperation(done) }), retry)
    },
  )

  http.post(
    `${path}/:operation/abandon`,
    {
      schema: {
        operationId: 'abandonOperation',
        tags,
        summary: 'Give an open one up',
        params: OperationParams,
        response: { 200: ref(OperationBody) },
      },
    },
    (request, reply) => {
      const { project, operation } = request.params
      const abandon = () => operations.abandon(request.caller, project, operation)
      return answerChange(request, reply, done => ({ status: 200, body: fromOperation(done) }), abandon)
    },
  )

  http.get(
    `${path}/:operation/answer`,
    {
      schema: {
        operationId: 'takeAnswer',
        tags,
        summary: 'The answer that you did not get, once',
        params: OperationParams,
        response: { 200: Type.Union([ref(UserChanged), ref(OperationAnswer)]) },
      },
    },
    async (request, reply) => {
      const { operation, outcomes } = await operations.takeAnswer(
        request.caller,
        request.params.project,
        request.params.operation,
      )
      noteOperation(request, reply, operation.id, false)
      return answerOf(parts, operation, outcomes)
    },
  )
}
