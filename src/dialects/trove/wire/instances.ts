import { type Static, Type } from 'typebox'
import { badRequest, Refusal } from '../refusals/refusal.ts'
import { Link, Links } from './common.ts'
import { NewDatabaseBody } from './databases.ts'
import { Registration } from './registration.ts'
import { NewUserBody } from './users.ts'

const summary = {
  id: Type.String(),
  name: Type.String(),
  status: Type.String(),
  operating_status: Type.String(),
  links: Type.Array(Link),
  flavor: Type.Object({ id: Type.String(), links: Type.Array(Link) }),
  datastore: Type.Object({
    type: Type.String(),
    version: Type.String(),
    version_number: Type.Optional(Type.String()),
  }),
  volume: Type.Object({ size: Type.Integer() }),
  region: Type.String(),
  access: Type.Object({}),
  hostname: Type.String(),
}

export const InstanceSummary = Type.Object(summary, { $id: 'InstanceSummary' })

export const InstanceBody = Type.Object(
  {
    ...summary,
    created: Type.String(),
    updated: Type.String(),
    fault: Type.Optional(Type.Object({ message: Type.String(), created: Type.String(), details: Type.String() })),
  },
  { $id: 'Instance' },
)

const pageOf = (items: ReturnType<typeof Type.Unsafe>) =>
  Type.Object({ instances: Type.Array(items), links: Links, instances_links: Links })

export const InstanceList = pageOf(Type.Unsafe({ $ref: 'InstanceSummary#' }))
export const InstanceDetails = pageOf(Type.Unsafe({ $ref: 'Instance#' }))
export const OneInstance = Type.Object({ instance: Type.Unsafe({ $ref: 'Instance#' }) })

const Name = Type.String({ minLength: 1, maxLength: 255 })
const MaybeText = Type.Optional(Type.Union([Type.String(), Type.Null()]))
/** Taken note of only to say that it is not offered. */
const Whatever = Type.Optional(Type.Unknown())

export const CreateInstance = Type.Object({
  instance: Type.Object({
    name: Name,
    flavorRef: Type.Optional(Type.Union([Type.String(), Type.Integer(), Type.Null()])),
    volume: Type.Optional(
      Type.Union([Type.Object({ size: Type.Integer({ minimum: 1 }), type: MaybeText }), Type.Null()]),
    ),
    datastore: Type.Optional(
      Type.Union([Type.Object({ type: MaybeText, version: MaybeText, version_number: MaybeText }), Type.Null()]),
    ),
    databases: Type.Optional(Type.Array(NewDatabaseBody)),
    users: Type.Optional(Type.Array(NewUserBody)),
    nics: Whatever,
    availability_zone: Whatever,
    region_name: Whatever,
    locality: Whatever,
    access: Whatever,
    modules: Whatever,
    replica_of: Whatever,
    restorePoint: Whatever,
    configuration: Whatever,
    rolecall: Registration,
  }),
})

export type NewInstance = Static<typeof CreateInstance>['instance']

export const ChangeInstance = Type.Object({
  instance: Type.Object({
    name: Type.Optional(Name),
    configuration: Whatever,
    replica_of: Whatever,
    datastore_version: Whatever,
    access: Whatever,
  }),
})

const IMPOSSIBLE = ['nics', 'availability_zone', 'locality', 'modules', 'replica_of', 'restorePoint', 'configuration']

/** What a new instance is asked to be and can't: 501. Clients send much of it, empty. */
export function checkOffered(wanted: Readonly<Record<string, unknown>>, region: string): void {
  const asked = IMPOSSIBLE.filter(name => !isEmpty(wanted[name]))
  const isElsewhere = !isEmpty(wanted.region_name) && wanted.region_name !== region
  const isPublic = Object.values((wanted.access ?? {}) as object).some(value => value !== false && !isEmpty(value))
  const all = [...asked, ...(isElsewhere ? ['region_name'] : []), ...(isPublic ? ['access'] : [])]
  if (all.length > 0) throw new Refusal(501, 'notImplemented', `Not offered here: ${all.join(', ')}.`)
}

export function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true
  return typeof value === 'object' && Object.values(value).every(isEmpty)
}

/** Who is to use a database has it made in the same request. */
export function checkOwnDatabases({ databases = [], users = [] }: NewInstance): void {
  const made = new Set(databases.map(({ name }) => name))
  for (const user of users) {
    const missing = user.databases?.find(({ name }) => !made.has(name))
    if (missing)
      throw badRequest(`User ${user.name} is to use the database ${missing.name}, which is not in this request.`)
  }
}

/** The id, or an address that ends in it. */
export function flavorIn({ flavorRef }: NewInstance): string | undefined {
  if (flavorRef === undefined || flavorRef === null || flavorRef === '') return undefined
  return String(flavorRef).replace(/\/+$/, '').split('/').at(-1)
}
