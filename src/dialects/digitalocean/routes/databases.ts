import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import { Fault } from '../../../domain/fault.ts'
import type { RouteParts } from '../../request.ts'
import { askedBy, type DigitalOceanHttp, readSignal } from '../context.ts'
import { checkNewName, isReserved } from '../names.ts'
import { clusterWith, having } from '../subject.ts'
import { allOf } from '../whole.ts'
import { PageQuery, wholeList } from '../wire/common.ts'
import { DatabaseList, databaseSchemas, fromDatabase, NewDatabaseBody, SingleDatabase } from '../wire/databases.ts'
import { changeRefusals, readRefusals } from '../wire/errors.ts'

export { databaseSchemas }

const ClusterParams = Type.Object({ id: Type.String() })
const DatabaseParams = Type.Object({ id: Type.String(), databaseName: Type.String() })

/** Databases of a cluster. */
export function databaseRoutes(http: DigitalOceanHttp, parts: RouteParts): void {
  const { databases, engines, links } = parts.services
  const tags = ['Databases']
  const on = (right: Parameters<typeof clusterWith>[1]) => [clusterWith(parts, right), having(parts, 'databases')]
  const rulesOn = ({ cluster }: FastifyRequest) => engines.get(cluster.instance.engine).about.capabilities.databaseNames

  http.get(
    '/databases/:id/dbs',
    {
      schema: {
        operationId: 'databases_list',
        tags,
        summary: 'Databases of a cluster, by name',
        params: ClusterParams,
        querystring: PageQuery,
        response: { 200: DatabaseList, ...readRefusals },
      },
      onRequest: on('read'),
    },
    async request => {
      const signal = readSignal(request)
      const all = await allOf(page => databases.list(request.caller, request.params.id, page, signal))
      return wholeList('dbs', all.map(fromDatabase), request.query)
    },
  )

  http.post(
    '/databases/:id/dbs',
    {
      schema: {
        operationId: 'databases_add',
        tags,
        summary: 'Make a database; the primary user owns it',
        params: ClusterParams,
        body: NewDatabaseBody,
        response: { 201: SingleDatabase, ...changeRefusals },
      },
      config: { replayed: true },
      onRequest: on('create'),
    },
    async (request, reply) => {
      const { name } = request.body
      checkNewName('database', name, rulesOn(request), [])
      request.handsOver = request.earlier?.operation.id ?? (await made(request, name))
      return reply.code(201).send({ db: fromDatabase({ name }) })
    },
  )

  async function made(request: FastifyRequest, name: string): Promise<string> {
    const change = await databases.create(askedBy(request), request.cluster.instance.id, { name })
    return (await change.run()).operationId
  }

  http.get(
    '/databases/:id/dbs/:databaseName',
    {
      schema: {
        operationId: 'databases_get',
        tags,
        summary: 'One database',
        params: DatabaseParams,
        response: { 200: SingleDatabase, ...readRefusals },
      },
      onRequest: on('read'),
    },
    async request => {
      const { id, databaseName } = request.params
      return { db: fromDatabase(await databases.get(request.caller, id, databaseName, readSignal(request))) }
    },
  )

  http.delete(
    '/databases/:id/dbs/:databaseName',
    {
      schema: {
        operationId: 'databases_delete',
        tags,
        summary: 'Drop it',
        params: DatabaseParams,
        response: { 204: Type.Null({ description: 'Done' }), ...changeRefusals },
      },
      onRequest: on('delete'),
    },
    async (request, reply) => {
      const { id, databaseName } = request.params
      await checkDroppable(request, databaseName)
      await (await databases.drop(askedBy(request), id, databaseName)).run()
      return reply.code(204).send()
    },
  )

  /** The default database, which connections are told to use, and those of the engine itself stay. */
  async function checkDroppable(request: FastifyRequest, name: string): Promise<void> {
    const { instance } = request.cluster
    const isDefault = name === (instance.defaultDatabase ?? (await links.manager(instance, request.deadline)).database)
    if (!isDefault && !isReserved(name, rulesOn(request).reserved)) return
    const which = isDefault ? 'is the default database of the cluster' : 'belongs to the engine itself'
    throw new Fault('refused', 'database', `${name} ${which}, and can not be deleted`)
  }
}
