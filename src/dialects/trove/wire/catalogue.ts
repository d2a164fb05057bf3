import { Type } from 'typebox'
import { Link } from './common.ts'

export const VersionBody = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    version: Type.String(),
    links: Type.Array(Link),
    datastore: Type.String(),
  },
  { $id: 'DatastoreVersion' },
)

const versions = Type.Array(Type.Unsafe({ $ref: 'DatastoreVersion#' }))

export const DatastoreBody = Type.Object(
  {
    id: Type.String(),
    name: Type.String(),
    links: Type.Array(Link),
    versions,
    default_version: Type.Union([Type.String(), Type.Null()]),
  },
  { $id: 'Datastore' },
)

const datastore = Type.Unsafe({ $ref: 'Datastore#' })
const flavor = Type.Unsafe({ $ref: 'Flavor#' })

export const FlavorList = Type.Object({ flavors: Type.Array(flavor), flavors_links: Type.Optional(Type.Array(Link)) })
export const OneFlavor = Type.Object({ flavor })
export const DatastoreList = Type.Object({ datastores: Type.Array(datastore) })
export const OneDatastore = Type.Object({ datastore })
export const VersionList = Type.Object({ versions })
export const OneVersion = Type.Object({ version: Type.Unsafe({ $ref: 'DatastoreVersion#' }) })
export const VolumeTypes = Type.Object({ volume_types: Type.Array(Type.Unknown()) })
export const ClusterList = Type.Object({ clusters: Type.Array(Type.Unknown()) })

export const LimitList = Type.Object({
  limits: Type.Array(
    Type.Object({
      verb: Type.String(),
      max_instances: Type.Optional(Type.Integer()),
      max_volumes: Type.Optional(Type.Integer()),
      max_backups: Type.Optional(Type.Integer()),
      uri: Type.Optional(Type.String()),
      regex: Type.Optional(Type.String()),
      value: Type.Optional(Type.Integer()),
      remaining: Type.Optional(Type.Integer()),
      unit: Type.Optional(Type.String()),
      nextAvailable: Type.Optional(Type.String()),
    }),
  ),
})
