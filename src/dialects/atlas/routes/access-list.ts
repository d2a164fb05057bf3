import type { FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { AccessListEntry } from '../../../domain/callers/access-list-entry.ts'
import { ref } from '../../request.ts'
import type { AtlasHttp, AtlasParts } from '../context.ts'
import { naming } from '../refusals/faults.ts'
import { refusal } from '../refusals/refusal.ts'
import { segmentOf, selfLink } from '../requests/addresses.ts'
import { pageOf } from '../requests/pages.ts'
import { groupWith } from '../requests/places.ts'
import { Entry, EntryList, EntryStatus, fromEntry, NewEntries, toEntry } from '../wire/access-list.ts'
import { GroupParams, Nothing } from '../wire/common.ts'
import { blockFrom } from '../wire/networks.ts'

export const accessListSchemas = [Entry, EntryList, EntryStatus]

const tags = ['Project IP Access List']
const EntryParams = Type.Object({
  groupId: Type.String({ description: '24 hex digits' }),
  entry: Type.String({ description: 'An address, or a network in CIDR notation with `%2F`' }),
})

/** Client networks of a project: kept and told. They keep nobody away from a database server. */
export function accessListRoutes(http: AtlasHttp, parts: AtlasParts): void {
  entryRoutes(http, parts, 'accessList')
  // What older clients ask for, and projects lead to.
  if (http.generation === 'v1.0') entryRoutes(http, parts, 'whitelist')
}

function entryRoutes(http: AtlasHttp, parts: AtlasParts, word: 'accessList' | 'whitelist'): void {
  const { accessListEntries } = parts.services
  const path = `/groups/:groupId/${word}`
  const hide = word === 'whitelist'
  const reading = groupWith(parts, 'network')
  const writing = groupWith(parts, 'administer')

  http.get(
    path,
    {
      config: { paged: true },
      onRequest: reading,
      schema: {
        operationId: 'listAccessListEntries',
        hide,
        tags,
        summary: 'Client networks that the project names',
        params: GroupParams,
        response: { 200: ref(EntryList) },
      },
    },
    request => listed(parts, request),
  )

  http.post(
    path,
    {
      onRequest: writing,
      config: { paged: true },
      schema: {
        operationId: 'createAccessListEntries',
        hide,
        tags,
        summary: 'Name more networks, all of them or none',
        params: GroupParams,
        body: NewEntries,
        response: { 201: ref(EntryList) },
      },
    },
    async (request, reply) => {
      const { caller, projectId } = request
      const entries = request.body.map(one => toEntry(one, projectId))
      await accessListEntries.set(caller, projectId, entries)
      return reply.code(201).send(await listed(parts, request))
    },
  )

  http.get(
    `${path}/:entry`,
    {
      onRequest: reading,
      schema: {
        operationId: 'getAccessListEntry',
        hide,
        tags,
        summary: 'One of them',
        params: EntryParams,
        response: { 200: ref(Entry) },
      },
    },
    async request => shown(parts, request, await entryAt(parts, request, request.params.entry)),
  )

  http.get(
    `${path}/:entry/status`,
    {
      onRequest: reading,
      schema: {
        operationId: 'getAccessListEntryStatus',
        hide,
        tags,
        summary: 'Whether it is named: at once',
        params: EntryParams,
        response: { 200: ref(EntryStatus) },
      },
    },
    async request => {
      await entryAt(parts, request, request.params.entry)
      return { STATUS: 'ACTIVE' }
    },
  )

  http.delete(
    `${path}/:entry`,
    {
      onRequest: writing,
      schema: {
        operationId: 'deleteAccessListEntry',
        hide,
        tags,
        summary: 'Name it no more',
        params: EntryParams,
        response: { 204: Nothing },
      },
    },
    async (request, reply) => {
      const { caller, projectId, params } = request
      const missing = naming({ not_found: ['ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND', params.entry, projectId] })
      await accessListEntries.remove(caller, projectId, blockFrom(params.entry)).catch(missing)
      return reply.code(204).send()
    },
  )
}

async function listed(parts: AtlasParts, request: FastifyRequest) {
  const all = await parts.services.accessListEntries.list(request.caller, request.projectId)
  return pageOf(parts, request, all, one => shown(parts, request, one))
}

async function entryAt(parts: AtlasParts, request: FastifyRequest, entry: string): Promise<AccessListEntry> {
  const { caller, projectId } = request
  const network = blockFrom(entry)
  const all = await parts.services.accessListEntries.list(caller, projectId)
  const found = all.find(one => one.network === network)
  if (!found) throw refusal('ATLAS_NETWORK_PERMISSION_ENTRY_NOT_FOUND', entry, projectId)
  return found
}

function shown(parts: AtlasParts, request: FastifyRequest, entry: AccessListEntry) {
  const path = `/groups/${entry.projectId}/accessList/${segmentOf(entry.network)}`
  return { ...fromEntry(entry), links: [selfLink(request, parts, path)] }
}
