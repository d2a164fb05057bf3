import { Type } from 'typebox'
import { askedBy, carryOut, type NativeHttp, type RouteParts, readSignal, ref } from '../context.ts'
import { ListQuery, listOf, sendList } from '../lists.ts'
import { ChangeQuery, Plan } from '../wire/common.ts'
import {
  DatabaseBody,
  DatabaseChanged,
  DropDatabaseQuery,
  EngineRoleBody,
  fromDatabase,
  fromDatabaseDone,
  fromRole,
  NewDatabaseBody,
  toNewDatabase,
} from '../wire/databases.ts'

export const databaseSchemas = [DatabaseBody, DatabaseChanged, EngineRoleBody]

const InstanceParams = Type.Object({ instance: Type.String() })
const DatabaseParams = Type.Object({ instance: Type.String(), database: Type.String() })

/** Databases, and the roles that can be granted. */
export function databaseRoutes(http: NativeHttp, parts: RouteParts): void {
  const { databases } = parts.services
  const tags = ['Databases']

  http.get(
    '/instances/:instance/databases',
    {
      schema: {
        operationId: 'listDatabases',
        tags,
        summary: 'Databases of a server, by name',
        params: InstanceParams,
        querystring: ListQuery,
        response: { 200: listOf(ref(DatabaseBody)) },
      },
    },
    (request, reply) => {
      const signal = readSignal(request, parts)
      return sendList(
        request,
        reply,
        page => databases.list(request.caller, request.params.instance, page, signal),
        fromDatabase,
      )
    },
  )

  http.post(
    '/instances/:instance/databases',
    {
      schema: {
        operationId: 'createDatabase',
        tags,
        summary: 'Make a database',
        params: InstanceParams,
        querystring: ChangeQuery,
        body: NewDatabaseBody,
        response: { 200: ref(Plan), 201: ref(DatabaseChanged) },
      },
    },
    async (request, reply) => {
      const prepared = await databases.create(
        askedBy(request, parts),
        request.params.instance,
        toNewDatabase(request.body),
      )
      return carryOut(request, reply, 201, prepared, fromDatabaseDone)
    },
  )

  http.get(
    '/instances/:instance/databases/:database',
    {
      schema: {
        operationId: 'getDatabase',
        tags,
        summary: 'One database',
        params: DatabaseParams,
        response: { 200: ref(DatabaseBody) },
      },
    },
    async request =>
      fromDatabase(
        await databases.get(
          request.caller,
          request.params.instance,
          request.params.database,
          readSignal(request, parts),
        ),
      ),
  )

  http.delete(
    '/instances/:instance/databases/:database',
    {
      schema: {
        operationId: 'dropDatabase',
        tags,
        summary: 'Drop it, and its catalogue roles',
        params: DatabaseParams,
        querystring: DropDatabaseQuery,
        response: { 200: Type.Union([ref(Plan), Type.Object({ operation: Type.String() })]) },
      },
    },
    async (request, reply) => {
      const { instance, database } = request.params
      const prepared = await databases.drop(askedBy(request, parts), instance, database, request.query.force)
      return carryOut(request, reply, 200, prepared, ({ operationId }) => ({ operation: operationId }))
    },
  )

  http.get(
    '/instances/:instance/roles',
    {
      schema: {
        operationId: 'listRoles',
        tags,
        summary: 'Roles that can be granted, and what each allows',
        params: InstanceParams,
        response: { 200: Type.Object({ items: Type.Array(ref(EngineRoleBody)) }) },
      },
    },
    async request => {
      const roles = await databases.roles(request.caller, request.params.instance, readSignal(request, parts))
      return { items: roles.map(fromRole) }
    },
  )
}
