import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Fault, isFault } from '../../../domain/fault.ts'
import type { DataSourceSeen } from '../../../services/instances/data-sources.ts'
import { type RouteParts, readSignal, ref } from '../../request.ts'
import { checkMediaType } from '../bodies/bodies.ts'
import { checkValues } from '../bodies/validation.ts'
import type { WiremockHttp } from '../context.ts'
import { rowsOfCsv, WrongCsv } from '../csv.ts'
import { paginationOf } from '../pagination.ts'
import { Refused, WrongBody } from '../problems.ts'
import { checkDataView, checkPage, DataViewQuery, ListQuery } from '../queries.ts'
import { dataSourceWith, subjectWith } from '../subject.ts'
import {
  DataSourceBody,
  DataSourceList,
  fromDataSource,
  missingIn,
  SingleDataSource,
  toDataSource,
  toDataSourceChange,
} from '../wire/data-sources.ts'
import { plainMessage, refusals } from '../wire/errors.ts'

const tags = ['Data sources']
const UserParams = Type.Object({ userId: Type.String() })
const SourceParams = Type.Object({ dataSourceId: Type.String() })
const enveloped = { body: { envelope: '/dataSource', status: 422 } } as const

/** Tables behind connections, and rows that were sent to us. */
export function dataSourceRoutes(http: WiremockHttp, parts: RouteParts): void {
  const { dataSources } = parts.services
  const path = '/data-sources/:dataSourceId'

  http.get(
    '/users/:userId/data-sources',
    {
      schema: {
        operationId: 'getDataSourcesForUser',
        tags,
        summary: 'Data sources accessible by a user',
        params: UserParams,
        querystring: ListQuery,
        response: { 200: ref(DataSourceList), ...refusals(400, 403) },
      },
      onRequest: [subjectWith(parts, 'read'), checkPage],
    },
    async ({ caller, subject, pageWanted: wanted }) => {
      const { q, limit, page } = wanted
      const cut = { q, limit, offset: (page - 1) * limit, seenBy: subject.userId }
      const { items, total } = await dataSources.list(caller, subject.organisation, cut)
      const found = {
        path: `/v1/users/${subject.userId}/data-sources`,
        wanted,
        items: items.length,
        total,
        view: false,
      }
      return { dataSources: items.map(one => fromDataSource(one)), ...paginationOf(found) }
    },
  )

  http.post(
    '/users/:userId/data-sources',
    {
      schema: {
        operationId: 'createDataSource',
        tags,
        summary: 'Create a data source; a table is not looked for',
        params: UserParams,
        body: DataSourceBody,
        response: { 201: SingleDataSource, ...refusals(400, 403, 422) },
      },
      config: enveloped,
      onRequest: [subjectWith(parts, 'change'), checkMediaType],
    },
    async (request, reply) => {
      checkBody(request)
      const seen = await dataSources.create(request.caller, request.subject.organisation, toDataSource(request.body))
      return reply.code(201).header('location', `/v1/data-sources/${seen.source.id}`).send(single(seen))
    },
  )

  http.get(
    path,
    {
      schema: {
        operationId: 'getDataSourceById',
        tags,
        summary: 'One data source; with data-view=preview, its columns and first rows',
        params: SourceParams,
        querystring: DataViewQuery,
        response: {
          200: SingleDataSource,
          ...refusals(400, 403, 404, 422),
          503: plainMessage('Its server does not answer'),
        },
      },
      onRequest: [dataSourceWith(parts, 'see'), checkDataView],
    },
    async request => {
      const { caller, foundSource: seen } = request
      if ((request.query as { 'data-view'?: string })['data-view'] !== 'preview') return single(seen)
      const preview = dataSources.preview(caller, seen.source.id, readSignal(request, parts))
      return { dataSource: fromDataSource(seen, await preview.catch(asWrong)) }
    },
  )

  http.put(
    path,
    {
      schema: {
        operationId: 'updateDataSource',
        tags,
        summary: 'Change it',
        params: SourceParams,
        body: DataSourceBody,
        response: { 200: SingleDataSource, ...refusals(400, 403, 404, 422) },
      },
      config: enveloped,
      onRequest: [dataSourceWith(parts, 'edit'), checkMediaType],
    },
    async request => {
      checkBody(request)
      const { source } = request.foundSource
      return single(await dataSources.change(request.caller, source.id, toDataSourceChange(request.body)))
    },
  )

  http.put(
    `${path}/data`,
    {
      schema: {
        operationId: 'replaceDataSourceRows',
        tags,
        summary: 'Other rows, as CSV with a header row',
        params: SourceParams,
        response: { 200: SingleDataSource, ...refusals(400, 403, 404, 422) },
      },
      onRequest: [dataSourceWith(parts, 'edit'), checkCsv],
    },
    async ({ caller, body, foundSource }) =>
      single(await dataSources.replaceRows(caller, foundSource.source.id, rowsIn(body as Buffer | undefined))),
  )

  http.delete(
    path,
    {
      schema: {
        operationId: 'deleteDataSource',
        tags,
        summary: 'Forget it; the table stays as it is',
        params: SourceParams,
        response: { 204: Type.Null(), ...refusals(403, 404) },
      },
      onRequest: dataSourceWith(parts, 'remove'),
    },
    async ({ caller, foundSource }, reply) => {
      await dataSources.remove(caller, foundSource.source.id)
      return reply.code(204).send()
    },
  )
}

const single = (seen: DataSourceSeen) => ({ dataSource: fromDataSource(seen) })

function checkBody(request: FastifyRequest): void {
  checkValues(request, DataSourceBody, [])
  const wrongs = missingIn(request.body as Parameters<typeof missingIn>[0])
  if (wrongs.length > 0) throw new WrongBody(wrongs)
}

/** A hook: rows come as CSV. */
async function checkCsv({ headers }: FastifyRequest): Promise<void> {
  if (/^text\/csv\s*(;|$)/i.test(headers['content-type'] ?? '')) return
  throw new Fault('unsupported_media_type', 'request', 'Send text/csv')
}

function rowsIn(bytes: Buffer | undefined) {
  try {
    return rowsOfCsv(new TextDecoder('utf-8', { fatal: true }).decode(bytes ?? Buffer.alloc(0)))
  } catch (error) {
    const detail = error instanceof WrongCsv ? error.message : 'The text is not UTF-8'
    throw new Refused(422, [{ title: 'Invalid CSV', detail, source: {} }])
  }
}

/** Here and not on save it turns out that a table is missing. */
function asWrong(error: unknown): never {
  if (!isFault(error) || error.code !== 'not_found') throw error
  throw new Refused(422, [{ title: 'Invalid data source', detail: error.message, source: {} }])
}
