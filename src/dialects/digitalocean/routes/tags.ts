import { Type } from 'typebox'
import type { RouteParts } from '../../request.ts'
import type { DigitalOceanHttp } from '../context.ts'
import { hereWith, sightOf } from '../subject.ts'
import { refusals } from '../wire/errors.ts'
import { checkTag, NewTagBody, ResourcesBody, TagAnswer, toClusterIds, withoutTag, withTag } from '../wire/tags.ts'

const params = Type.Object({ tag: Type.String() })
const answers = { 204: Type.Null(), ...refusals(400, 404, 409, 413, 422) }
const tags = ['Tags']

/** Tags of clusters are those of their instances. A tag without any is kept nowhere, and need not be. */
export function tagRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  const { dialectViews } = parts.services

  http.post(
    '/tags',
    {
      schema: {
        operationId: 'tags_create',
        tags,
        summary: 'Says that a tag may be used',
        body: NewTagBody,
        response: { 201: TagAnswer, ...refusals(400, 413, 422) },
      },
      onRequest: hereWith('tag'),
    },
    async ({ body }, reply) => {
      checkTag(body.name)
      return reply.code(201).send({ tag: { name: body.name, resources: { count: 0 } } })
    },
  )

  http.post(
    '/tags/:tag/resources',
    {
      schema: {
        operationId: 'tags_assign_resources',
        tags,
        summary: 'Tags clusters, all of them or none',
        params,
        body: ResourcesBody,
        response: answers,
      },
      onRequest: hereWith('tag'),
    },
    async ({ caller, params: { tag }, body }, reply) => {
      checkTag(tag)
      await dialectViews.retag(caller, sightOf(caller), 'tag', toClusterIds(body), withTag(tag))
      return reply.code(204).send()
    },
  )

  http.delete(
    '/tags/:tag/resources',
    {
      schema: {
        operationId: 'tags_unassign_resources',
        tags,
        summary: 'Takes a tag away from clusters',
        params,
        body: ResourcesBody,
        response: answers,
      },
      onRequest: hereWith('untag'),
    },
    async ({ caller, params: { tag }, body }, reply) => {
      await dialectViews.retag(caller, sightOf(caller), 'untag', toClusterIds(body), withoutTag(tag))
      return reply.code(204).send()
    },
  )
}
