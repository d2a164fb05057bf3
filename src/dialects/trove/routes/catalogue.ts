import type { FastifyRequest } from 'fastify'
import { type TSchema, Type } from 'typebox'
import type { TroveHttp, TroveParts } from '../context.ts'
import { both } from '../document.ts'
import { datastoreCalled, datastoresOf, limitsOf, versionCalled } from '../instances/catalogue.ts'
import { listViews } from '../instances/views.ts'
import { NO_RESOURCE, notFound } from '../refusals/refusal.ts'
import { linksOf } from '../requests/addresses.ts'
import {
  ClusterList,
  DatastoreBody,
  DatastoreList,
  FlavorList,
  LimitList,
  OneDatastore,
  OneFlavor,
  OneVersion,
  VersionBody,
  VersionList,
  VolumeTypes,
} from '../wire/catalogue.ts'
import { FlavorBody, flavorsWith } from '../wire/flavors.ts'
import { withSuffixes } from './route.ts'

export const catalogueSchemas = [FlavorBody, DatastoreBody, VersionBody]

type Params = Readonly<Record<string, string>>

/** What there is to choose from; limits; and clusters, of which there are none. */
export function catalogueRoutes(http: TroveHttp, parts: TroveParts): void {
  const datastores = async (request: FastifyRequest) => datastoresOf(parts, request, await listViews(parts, request))
  const flavors = (request: FastifyRequest) => flavorsWith(id => linksOf(request, parts, 'flavors', id))

  get('flavors', 'listFlavors', FlavorList, async request => ({ flavors: flavors(request) }))
  get('flavors/:flavorId', 'getFlavor', OneFlavor, async (request, { flavorId }) => {
    const flavor = flavors(request).find(({ str_id }) => str_id === flavorId)
    if (!flavor) throw notFound(`Resource ${flavorId} cannot be found.`)
    return { flavor }
  })
  get('datastores', 'listDatastores', DatastoreList, async request => ({ datastores: await datastores(request) }))
  get('datastores/:datastore', 'getDatastore', OneDatastore, async (request, { datastore }) => ({
    datastore: datastoreCalled(await datastores(request), datastore!),
  }))
  get('datastores/:datastore/versions', 'listVersions', VersionList, async (request, { datastore }) => ({
    versions: datastoreCalled(await datastores(request), datastore!).versions,
  }))
  const versionAt = async (request: FastifyRequest, { datastore, version }: Params) => {
    const all = await datastores(request)
    return versionCalled(datastore === undefined ? all : [datastoreCalled(all, datastore)], version!)
  }
  get('datastores/versions/:version', 'getVersionById', OneVersion, async (request, params) => ({
    version: await versionAt(request, params),
  }))
  get('datastores/:datastore/versions/:version', 'getVersion', OneVersion, async (request, params) => ({
    version: await versionAt(request, params),
  }))
  get('datastores/:datastore/versions/:version/flavors', 'listVersionFlavors', FlavorList, async (request, params) => {
    await versionAt(request, params)
    return { flavors: flavors(request) }
  })
  get(
    'datastores/:datastore/versions/:version/volume-types',
    'listVolumeTypes',
    VolumeTypes,
    async (request, params) => {
      await versionAt(request, params)
      return { volume_types: [] }
    },
  )
  get('limits', 'listLimits', LimitList, async request => ({
    limits: limitsOf(request.rate, parts.rates.all(request)),
  }))
  get('clusters', 'listClusters', ClusterList, async () => ({ clusters: [] }))

  http.get('/:accountId/clusters/:clusterId', { schema: { hide: true } }, async () => {
    throw notFound(NO_RESOURCE)
  })

  function get(
    below: string,
    operationId: string,
    Answer: TSchema,
    answer: (request: FastifyRequest, params: Params) => Promise<object>,
  ): void {
    const names = ['accountId', ...[...below.matchAll(/:(\w+)/g)].map(([, name]) => name!)]
    const params = Type.Object(Object.fromEntries(names.map(name => [name, Type.String()])))
    for (const { path, hide: isSuffixed } of withSuffixes(`/:accountId/${below}`)) {
      if (isSuffixed && /\/:\w+$/.test(below)) continue
      // Of two paths that could be one another, a document has one.
      const hide = isSuffixed || operationId === 'getVersionById'
      const summary = SUMMARIES[operationId]!
      const schema = {
        operationId,
        tags: ['Catalogue'],
        hide,
        summary,
        params,
        response: { 200: both(Answer, summary) },
      }
      http.get(path, { schema }, request => answer(request, request.params as Params))
    }
  }
}

const SUMMARIES: Readonly<Record<string, string>> = {
  listFlavors: 'Sizes that an instance can be asked in',
  getFlavor: 'One size',
  listDatastores: 'Kinds of servers, and the versions that there are',
  getDatastore: 'One kind of server',
  listVersions: 'Its versions',
  getVersionById: 'A version of any kind',
  getVersion: 'One of its versions',
  listVersionFlavors: 'Sizes of a version',
  listVolumeTypes: 'Kinds of volumes, of which there are none',
  listLimits: 'How much, and how often',
  listClusters: 'Clusters, of which there are none',
}
