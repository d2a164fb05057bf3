import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import type { Right } from '../../../domain/users/role.ts'
import type { RouteParts } from '../../request.ts'
import type { DigitalOceanHttp } from '../context.ts'
import { wordsOf } from '../engine-words.ts'
import { clusterWith, notOfThisType } from '../subject.ts'
import { Meta, PageQuery, wholeList } from '../wire/common.ts'
import { changeRefusals, never, readRefusals } from '../wire/errors.ts'

const tags = ['Clusters']
const params = Type.Object({ id: Type.String() })
const named = Type.Object({ id: Type.String(), name: Type.String() })

/** What the hosted clusters have around them, and a server of one's own has not. */
export function clusterPartRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  for (const { path, root, operationId, summary } of EMPTY) {
    http.get(
      `/databases/:id/${path}`,
      {
        schema: {
          operationId,
          tags,
          summary,
          params,
          querystring: PageQuery,
          response: { 200: emptyList(root), ...readRefusals },
        },
        onRequest: clusterWith(parts, 'read'),
      },
      async ({ query }) => wholeList(root, [], query),
    )
  }
  poolRoutes(http, parts)
  for (const call of LACKING) {
    refusedRoute(http, parts, call, 'Not of this cluster type', () => {
      throw notOfThisType()
    })
  }
}

/** A call that is known and never done: who may make it is told why. */
function refusedRoute(
  http: DigitalOceanHttp,
  parts: RouteParts,
  [method, path, operationId]: Call,
  summary: string,
  refuse: (request: FastifyRequest) => never,
): void {
  http.route({
    method,
    url: `/databases/:id/${path}`,
    schema: {
      operationId,
      tags,
      summary,
      params: path.includes(':name') ? named : params,
      response: { ...never, ...(method === 'GET' ? readRefusals : changeRefusals) },
    },
    onRequest: clusterWith(parts, RIGHTS[method]),
    handler: async request => refuse(request),
  })
}

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'
type Call = readonly [method: Method, path: string, operationId: string]

const EMPTY = [
  { path: 'firewall', root: 'rules', operationId: 'databases_list_firewall_rules', summary: 'There is no firewall' },
  { path: 'backups', root: 'backups', operationId: 'databases_list_backups', summary: 'Backups are not made here' },
  { path: 'replicas', root: 'replicas', operationId: 'databases_list_replicas', summary: 'Replicas are not made here' },
  { path: 'events', root: 'events', operationId: 'databases_list_events_logs', summary: 'The native API has them' },
] as const

/** What no engine has here. */
const LACKING: readonly Call[] = [
  ['GET', 'eviction_policy', 'databases_get_evictionPolicy'],
  ['PUT', 'eviction_policy', 'databases_update_evictionPolicy'],
  ['GET', 'topics', 'databases_list_kafka_topics'],
  ['POST', 'topics', 'databases_create_kafka_topic'],
  ['GET', 'topics/:name', 'databases_get_kafka_topic'],
  ['PUT', 'topics/:name', 'databases_update_kafka_topic'],
  ['DELETE', 'topics/:name', 'databases_delete_kafka_topic'],
]

/** Engines that have connection pools in this API. */
const POOLED: ReadonlySet<string> = new Set(['pg', 'advanced_pg'])

function poolRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  http.get(
    '/databases/:id/pools',
    {
      schema: {
        operationId: 'databases_list_connectionPools',
        tags,
        summary: 'There is no pooler',
        params,
        querystring: PageQuery,
        response: { 200: emptyList('pools'), ...readRefusals },
      },
      onRequest: clusterWith(parts, 'read'),
    },
    async ({ cluster, query }) => {
      if (!POOLED.has(wordsOf(cluster.instance).engine)) throw notOfThisType()
      return wholeList('pools', [], query)
    },
  )
  for (const call of POOL_CALLS) {
    refusedRoute(http, parts, call, 'There is no pooler', ({ cluster, method }) => {
      if (!POOLED.has(wordsOf(cluster.instance).engine)) throw notOfThisType()
      if (method === 'GET') throw new Fault('not_found', 'request', 'pool not found')
      throw new Fault('unsupported', 'instance', 'connection pools are not supported: the server has no pooler')
    })
  }
}

const POOL_CALLS: readonly Call[] = [
  ['POST', 'pools', 'databases_add_connectionPool'],
  ['GET', 'pools/:name', 'databases_get_connectionPool'],
  ['PUT', 'pools/:name', 'databases_update_connectionPool'],
  ['DELETE', 'pools/:name', 'databases_delete_connectionPool'],
]

/** What is made or deleted here would be of a cluster, which takes an admin. */
const RIGHTS: Readonly<Record<Method, Right>> = { GET: 'read', POST: 'adopt', PUT: 'configure', DELETE: 'release' }

function emptyList(root: string) {
  return Type.Object({ [root]: Type.Array(Type.Unknown()), meta: Meta })
}
