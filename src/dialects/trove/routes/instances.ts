import { checkRight } from '../../../services/access/access.ts'
import type { TroveHttp, TroveParts } from '../context.ts'
import { both } from '../document.ts'
import { takeOver } from '../instances/adoption.ts'
import { findInstance, noInstance, placeAt, sightOf } from '../instances/place.ts'
import { look, probe } from '../instances/status.ts'
import { detailOf, listViews, pageOf, summaryOf } from '../instances/views.ts'
import { badRequest, Refusal, unprocessable } from '../refusals/refusal.ts'
import { suffixIn } from '../requests/answers.ts'
import { nextLinks, pageBody, wantedIn } from '../requests/pages.ts'
import { AccountParams, InstanceParams, Nothing, PageQuery } from '../wire/common.ts'
import {
  ChangeInstance,
  CreateInstance,
  InstanceBody,
  InstanceDetails,
  InstanceList,
  InstanceSummary,
  isEmpty,
  OneInstance,
} from '../wire/instances.ts'
import { withSuffixes } from './route.ts'

export const instanceSchemas = [InstanceSummary, InstanceBody]

const tags = ['Instances']
const consumes = ['application/json', 'application/xml']
const done = { 202: { description: 'Done', ...Nothing } }

/** Servers as instances: listed, adopted, renamed, let go. Nothing of it changes anything on a server. */
export function instanceRoutes(http: TroveHttp, parts: TroveParts): void {
  const { dialectViews } = parts.services

  const lists = [
    ['/:accountId/instances', 'listInstances', InstanceList, summaryOf],
    ['/:accountId/instances/detail', 'listInstancesInDetail', InstanceDetails, detailOf],
  ] as const
  for (const [base, operationId, List, shown] of lists)
    for (const { path, hide } of withSuffixes(base)) {
      http.get(
        path,
        {
          schema: {
            operationId,
            tags,
            hide,
            summary: 'Instances, by id',
            params: AccountParams,
            querystring: PageQuery,
            response: { 200: both(List, 'A page of instances') },
          },
        },
        async request => {
          const { limit, marker } = wantedIn(request, parts.wishes.page.instances)
          const { items, more } = pageOf(await listViews(parts, request), limit, marker)
          const seen = await Promise.all(items.map(view => look(parts, request, view)))
          const links = nextLinks(parts, request, more ? items.at(-1)!.instance.id : undefined)
          return pageBody(
            parts,
            request,
            'instances',
            seen.map(one => shown(parts, request, one)),
            links,
          )
        },
      )
    }

  for (const { path, hide } of withSuffixes('/:accountId/instances'))
    http.post(
      path,
      {
        schema: {
          operationId: 'createInstance',
          tags,
          hide,
          consumes,
          summary: 'Take a server over, with databases and users',
          params: AccountParams,
          body: CreateInstance,
          response: { 200: both(OneInstance, 'The instance') },
        },
      },
      async request => {
        checkRight(request.caller, request.projectId, 'adopt')
        const view = await takeOver(parts, request, request.body.instance)
        return { instance: detailOf(parts, request, await look(parts, request, view)) }
      },
    )

  const one = '/:accountId/instances/:instanceId'

  http.get(
    one,
    {
      schema: {
        operationId: 'getInstance',
        tags,
        summary: 'One instance',
        params: InstanceParams,
        response: { 200: both(OneInstance, 'The instance') },
      },
    },
    async request => {
      const view = await viewNamed(request, request.params.instanceId)
      const known = await look(parts, request, view)
      const seen = known.status === 'SHUTDOWN' ? await probe(parts, request, view) : known
      return { instance: detailOf(parts, request, seen) }
    },
  )

  /** The whole segment is a name first; then its ending may name a format. */
  async function viewNamed(request: Parameters<typeof findInstance>[1], segment: string) {
    const whole = await findInstance(parts, request, segment)
    const format = suffixIn(segment)
    if (whole || !format) return whole ?? Promise.reject(noInstance(segment))
    request.format = format
    return (await placeAt(parts, request, 'read', segment.slice(0, -`.${format}`.length))).view
  }

  http.delete(
    one,
    {
      schema: {
        operationId: 'deleteInstance',
        tags,
        summary: 'Let it go; nothing on its server changes',
        params: InstanceParams,
        response: done,
      },
    },
    async (request, reply) => {
      const { view, id } = await placeAt(parts, request, 'release')
      const { status } = await look(parts, request, view)
      if (status === 'BUILD') throw unprocessable(`Instance ${id} is not ready, status: BUILD.`)
      await dialectViews.release(request.caller, sightOf(request), id)
      return reply.code(202).send()
    },
  )

  for (const method of ['PUT', 'PATCH'] as const)
    http.route({
      method,
      url: one,
      schema: {
        operationId: method === 'PUT' ? 'renameInstance' : 'changeInstance',
        tags,
        consumes,
        summary: 'Rename it',
        params: InstanceParams,
        body: ChangeInstance,
        response: done,
      },
      handler: async (request, reply) => {
        const { id, view } = await placeAt(parts, request, 'adopt')
        const { name, ...rest } = (request.body as { instance: { name?: string } }).instance
        const asked = Object.entries(rest).filter(([, value]) => !isEmpty(value))
        if (asked.length > 0)
          throw new Refusal(501, 'notImplemented', `Not offered here: ${asked.map(([key]) => key).join(', ')}.`)
        if (name === undefined || name === 'detail')
          throw badRequest('Validation error: instance needs a name, and it is not detail')
        if (name !== view.name) await dialectViews.rename(request.caller, sightOf(request), id, name)
        return reply.code(202).send()
      },
    })
}
