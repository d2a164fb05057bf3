import { Type } from 'typebox'
import type { TroveHttp, TroveParts } from '../context.ts'
import { placeAt } from '../instances/place.ts'
import { probe } from '../instances/status.ts'
import { badRequest, Refusal, unprocessable } from '../refusals/refusal.ts'
import { InstanceParams, Nothing } from '../wire/common.ts'
import { withSuffixes } from './route.ts'

const Action = Type.Record(Type.String({ minLength: 1 }), Type.Unknown(), {
  minProperties: 1,
  maxProperties: 1,
  description: '`{"restart": {}}`, `{"reset_status": {}}`, `{"resize": {…}}`',
})

const ACTIONS: ReadonlySet<string> = new Set(['restart', 'resize', 'reset_status'])

/** What can be asked of a server as a whole. */
export function actionRoutes(http: TroveHttp, parts: TroveParts): void {
  for (const { path, hide } of withSuffixes('/:accountId/instances/:instanceId/action'))
    http.post(
      path,
      {
        schema: {
          operationId: 'act',
          tags: ['Instances'],
          hide,
          consumes: ['application/json', 'application/xml'],
          summary: 'Ask a server how it does; restarting and resizing are not offered',
          params: InstanceParams,
          body: Action,
          response: { 202: { description: 'Done', ...Nothing } },
        },
      },
      async (request, reply) => {
        const [action] = Object.keys(request.body)
        if (!action || !ACTIONS.has(action))
          throw badRequest(`There is no action of this name; there are ${[...ACTIONS].join(', ')}.`)
        const { view, datastore } = await placeAt(parts, request, 'change')
        if (action === 'resize') throw new Refusal(501, 'notImplemented', 'The requested method is not implemented.')
        // Rolecall logs in to servers, and has no hold on the machines that they run on.
        if (action === 'restart') throw unprocessable(`Operation not supported for datastore ${datastore.word}.`)
        await probe(parts, request, view)
        return reply.code(202).send()
      },
    )
}
