import type { Right } from '../../src/domain/users/role.ts'
import { atlas } from './atlas-needs.ts'

/**
 * What a route needs. `public`: no key. `key`: any key that is good. `member`: any role in the key's project. `first`: the installation's
 * first operator. `nobody`: what only the named one itself may do, and the matrix always names another.
 */
export interface Need {
  readonly right: Right | 'public' | 'key' | 'member' | 'first' | 'nobody'
  readonly body?: unknown
  /** Sent as it is. */
  readonly csv?: string
  /** What a member without the right is told; 403 unless its path names what such a member can't even see, or its API has another word. */
  readonly refusal?: 401 | 404
  /** A caller with the right may be told that there is nothing: the matrix has no such thing to find. */
  readonly empty?: true
  /** Its caller is no more afterwards. */
  readonly ends?: true
  /** Its answer has no end. */
  readonly stream?: true
}

const connection = {
  name: 'new',
  engine: 'postgresql',
  host: '127.0.0.1',
  port: 9,
  database: 'd',
  username: 'u',
  password: 'password',
}
const typed = { engine: 'postgresql', host: '127.0.0.1', port: 9, database: 'd', username: 'u', password: 'password' }
const coordinates = {
  databaseType: 'POSTGRESQL',
  host: '127.0.0.1',
  port: 9,
  databaseName: 'd',
  username: 'u',
  password: 'password',
}
const databaseConnection = { connectionName: 'new', ...coordinates }
const rows = { dataSource: { name: 'rows', columnsMetadata: [{ name: 'a' }], rows: [['1']] } }

const N = '/rolecall/v1'
const project = `${N}/projects/:project`
const instance = `${N}/instances/:instance`
const user = `${instance}/users/:user`

const native: Readonly<Record<string, Need>> = {
  [`GET ${N}`]: { right: 'key' },
  [`GET ${N}/engines`]: { right: 'key' },
  [`GET ${N}/projects`]: { right: 'key' },
  [`POST ${N}/projects`]: { right: 'first', body: { name: 'another' } },
  [`GET ${project}`]: { right: 'read' },
  [`PATCH ${project}`]: { right: 'own', body: { name: 'renamed' } },
  [`DELETE ${project}`]: { right: 'own' },
  [`GET ${project}/members`]: { right: 'read' },
  [`GET ${project}/members/:operator`]: { right: 'read' },
  [`PUT ${project}/members/:operator`]: { right: 'own', body: { role: 'viewer' } },
  [`DELETE ${project}/members/:operator`]: { right: 'own' },
  [`GET ${project}/keys`]: { right: 'read' },
  [`POST ${project}/keys`]: { right: 'read', body: { role: 'viewer' } },
  [`GET ${project}/keys/:key`]: { right: 'administer', refusal: 404 },
  [`DELETE ${project}/keys/:key`]: { right: 'administer', refusal: 404 },
  [`GET ${project}/connections`]: { right: 'read' },
  [`POST ${project}/connections`]: { right: 'administer', body: connection },
  [`POST ${project}/connections/test`]: { right: 'administer', body: typed },
  [`GET ${N}/connections/:connection`]: { right: 'read' },
  [`PATCH ${N}/connections/:connection`]: { right: 'administer', body: { username: 'other' } },
  [`DELETE ${N}/connections/:connection`]: { right: 'administer' },
  [`POST ${N}/connections/:connection/test`]: { right: 'change' },
  [`GET ${project}/instances`]: { right: 'read' },
  [`GET ${instance}`]: { right: 'read' },
  [`PATCH ${instance}`]: { right: 'administer', body: { tags: ['a'] } },
  [`DELETE ${instance}`]: { right: 'administer' },
  [`POST ${instance}/check`]: { right: 'read' },
  [`POST ${instance}/accept-server`]: { right: 'administer' },
  [`GET ${instance}/users`]: { right: 'read' },
  [`POST ${instance}/users`]: { right: 'change', body: { name: 'ada' } },
  [`GET ${user}`]: { right: 'read' },
  [`PATCH ${user}`]: { right: 'change', body: { labels: {} } },
  [`DELETE ${user}`]: { right: 'change' },
  [`POST ${user}/reset`]: { right: 'change' },
  [`POST ${user}/lock`]: { right: 'change' },
  [`POST ${user}/unlock`]: { right: 'change' },
  [`GET ${user}/sessions`]: { right: 'read' },
  [`DELETE ${user}/sessions`]: { right: 'change' },
  [`GET ${user}/grants`]: { right: 'read' },
  [`PATCH ${user}/grants`]: { right: 'change', body: { add: [{ role: 'read', database: 'd' }] } },
  [`GET ${instance}/databases`]: { right: 'read' },
  [`POST ${instance}/databases`]: { right: 'change', body: { name: 'd' } },
  [`GET ${instance}/databases/:database`]: { right: 'read' },
  [`DELETE ${instance}/databases/:database`]: { right: 'change' },
  [`GET ${instance}/roles`]: { right: 'read' },
  [`GET ${project}/operations`]: { right: 'read' },
  [`GET ${project}/operations/:operation`]: { right: 'read' },
  [`POST ${project}/operations/:operation/retry`]: { right: 'change' },
  [`POST ${project}/operations/:operation/abandon`]: { right: 'administer' },
  [`GET ${project}/operations/:operation/answer`]: { right: 'change', empty: true },
  [`GET ${project}/events`]: { right: 'read', stream: true },
}

const connections = ['/v1/database-connections', '/v1/data-connections'].flatMap((path): [string, Need][] => {
  const one = `${path}/:databaseConnectionId`
  const grant = `${path}/:entityId/acl/:subjectType/:subjectEntityId`
  return [
    [`GET ${one}`, { right: 'read' }],
    [`PATCH ${one}`, { right: 'administer', body: { databaseConnection } }],
    [`DELETE ${one}`, { right: 'administer' }],
    [`POST ${one}/test`, { right: 'change' }],
    [`GET ${path}/:entityId/acl`, { right: 'administer' }],
    [`GET ${path}/:entityId/acl/candidates`, { right: 'administer' }],
    [`PUT ${grant}`, { right: 'administer', body: { grant: { role: 'database_connection_user' } } }],
    [`DELETE ${grant}`, { right: 'administer', empty: true }],
  ]
})

const wiremock: Readonly<Record<string, Need>> = {
  ...Object.fromEntries(connections),
  'GET /v1/users/self': { right: 'key' },
  'GET /v1/users/me': { right: 'key' },
  'PUT /v1/users/self': { right: 'member', body: { user: { emailAddress: 'a@b.test', marketingOptIn: false } } },
  'PUT /v1/users/me': { right: 'member', body: { user: { emailAddress: 'a@b.test', marketingOptIn: false } } },
  'GET /v1/users/:userId': { right: 'administer' },
  'PUT /v1/users/:userId': { right: 'nobody', body: { user: { emailAddress: '', marketingOptIn: false } } },
  'DELETE /v1/users/:userId': { right: 'nobody' },
  'DELETE /v1/users/self': { right: 'member', ends: true },
  'DELETE /v1/users/me': { right: 'member', ends: true },
  'GET /v1/users/:userId/teams': { right: 'administer' },
  'POST /v1/users/:userId/regenerate-api-token': { right: 'nobody', body: {} },
  'GET /v1/users/:userId/database-connections': { right: 'administer' },
  'POST /v1/users/:userId/database-connections': { right: 'administer', body: { databaseConnection } },
  'POST /v1/users/:userId/database-connections/test': { right: 'administer', body: coordinates },
  'GET /v1/users/:userId/data-sources': { right: 'administer' },
  'POST /v1/users/:userId/data-sources': { right: 'administer', body: rows },
  // The matrix's data source is shared with the whole organisation, to be read.
  'GET /v1/data-sources/:dataSourceId': { right: 'read' },
  'PUT /v1/data-sources/:dataSourceId': { right: 'administer', body: rows },
  'PUT /v1/data-sources/:dataSourceId/data': { right: 'administer', csv: 'a\n1\n' },
  'DELETE /v1/data-sources/:dataSourceId': { right: 'administer' },
  'GET /v1/data-sources/:entityId/acl': { right: 'administer' },
  'GET /v1/data-sources/:entityId/acl/candidates': { right: 'administer' },
  'PUT /v1/data-sources/:entityId/acl/:subjectType/:subjectEntityId': {
    right: 'administer',
    body: { grant: { role: 'data_source_user' } },
  },
  'DELETE /v1/data-sources/:entityId/acl/:subjectType/:subjectEntityId': { right: 'administer', empty: true },
  'GET /v1/organisations/:organisationId': { right: 'read' },
  'PUT /v1/organisations/:organisationId': { right: 'own', body: { organisation: { name: 'renamed' } } },
  'DELETE /v1/organisations/:organisationId': { right: 'own' },
  'GET /v1/organisations/:organisationId/users': { right: 'read' },
  'DELETE /v1/organisations/:organisationId/members/:userId': { right: 'own' },
  'GET /v1/organisations/:organisationId/invitations': { right: 'administer' },
  'POST /v1/organisations/:organisationId/invitations': {
    right: 'own',
    body: { invitation: { recipientEmailAddress: 'new@example.test', role: 'organisation_member' } },
  },
  'GET /v1/organisations/:organisationId/invitations/:invitationId': { right: 'administer' },
  'DELETE /v1/organisations/:organisationId/invitations/:invitationId': { right: 'own' },
  // Whoever has a code needs no key.
  'POST /v1/invitations/accept': { right: 'public' },
  'GET /v1/organisations/:organisationId/audit-events': { right: 'administer' },
  'GET /v1/organisations/:organisationId/teams': { right: 'read' },
  'GET /v1/subscriptions/:organisationId/usage': { right: 'read' },
  'POST /v1/teams': { right: 'member', body: { team: { name: 'new' } } },
  'GET /v1/teams/:teamId': { right: 'read' },
  'DELETE /v1/teams/:teamId': { right: 'administer' },
  'GET /v1/teams/:teamId/members': { right: 'read' },
  'POST /v1/teams/:teamId/members': {
    right: 'administer',
    body: { member: { memberId: ':userId', permissionFriendlyId: 'team_member' } },
  },
  'DELETE /v1/teams/:teamId/members/:userId': { right: 'administer' },
}

const cluster = '/v2/databases/:id'
const resources = { resources: [{ resource_id: ':id', resource_type: 'database' }] }

/** Routes that refuse whoever may ask: with words about the cluster, which nobody else gets. */
const lacking = ['eviction_policy', 'topics', 'topics/:name', 'sql_mode'].flatMap((path): [string, Need][] => [
  [`GET ${cluster}/${path}`, { right: 'read' }],
  path === 'topics'
    ? [`POST ${cluster}/${path}`, { right: 'adopt' }]
    : [`PUT ${cluster}/${path}`, { right: 'configure' }],
])

const clusters: Readonly<Record<string, Need>> = {
  'GET /v2/databases': { right: 'read' },
  'POST /v2/databases': {
    right: 'adopt',
    body: { name: 'new', engine: 'pg', region: 'nowhere', size: 'byo', num_nodes: 1 },
  },
  'GET /v2/databases/options': { right: 'read' },
  // A word where ids stand: nothing has it.
  'DELETE /v2/databases/options': { right: 'release', refusal: 404, empty: true },
  [`GET ${cluster}`]: { right: 'read' },
  [`DELETE ${cluster}`]: { right: 'release' },
  [`GET ${cluster}/ca`]: { right: 'read', empty: true },
  [`GET ${cluster}/autoscale`]: { right: 'read' },
  [`PUT ${cluster}/autoscale`]: { right: 'configure', body: {} },
  [`PUT ${cluster}/maintenance`]: { right: 'configure', body: { day: 'monday', hour: '02:00' } },
  [`PUT ${cluster}/resize`]: { right: 'configure', body: {} },
  [`PUT ${cluster}/migrate`]: { right: 'configure', body: {} },
  [`PUT ${cluster}/upgrade`]: { right: 'configure', body: { version: '16' } },
  [`PUT ${cluster}/install_update`]: { right: 'configure', body: {} },
  [`GET ${cluster}/config`]: { right: 'read' },
  [`PATCH ${cluster}/config`]: { right: 'configure', body: {} },
  [`GET ${cluster}/firewall`]: { right: 'read' },
  [`PUT ${cluster}/firewall`]: { right: 'configure', body: {} },
  [`GET ${cluster}/backups`]: { right: 'read' },
  [`GET ${cluster}/replicas`]: { right: 'read' },
  [`GET ${cluster}/events`]: { right: 'read' },
  [`GET ${cluster}/pools`]: { right: 'read' },
  [`POST ${cluster}/pools`]: { right: 'adopt', body: {} },
  [`GET ${cluster}/pools/:name`]: { right: 'read', empty: true },
  [`PUT ${cluster}/pools/:name`]: { right: 'configure', body: {} },
  [`DELETE ${cluster}/pools/:name`]: { right: 'release' },
  [`DELETE ${cluster}/topics/:name`]: { right: 'release' },
  ...Object.fromEntries(lacking),
  'POST /v2/tags': { right: 'tag', body: { name: 'prod' } },
  'POST /v2/tags/:tag/resources': { right: 'tag', body: resources },
  'DELETE /v2/tags/:tag/resources': { right: 'untag', body: resources },
  'GET /v2/account': { right: 'account' },
}

const digitalocean: Readonly<Record<string, Need>> = {
  'GET /v1/oauth/token/info': { right: 'key' },
  ...clusters,
  [`GET ${cluster}/dbs`]: { right: 'read' },
  [`POST ${cluster}/dbs`]: { right: 'create', body: { name: 'orders' } },
  [`GET ${cluster}/dbs/:databaseName`]: { right: 'read' },
  [`DELETE ${cluster}/dbs/:databaseName`]: { right: 'delete' },
  [`GET ${cluster}/users`]: { right: 'read' },
  [`POST ${cluster}/users`]: { right: 'create', body: { name: 'ada' } },
  [`GET ${cluster}/users/:username`]: { right: 'read' },
  [`PUT ${cluster}/users/:username`]: { right: 'update', body: {} },
  [`DELETE ${cluster}/users/:username`]: { right: 'delete' },
  [`POST ${cluster}/users/:username/reset_auth`]: { right: 'update', body: {} },
}

const account = '/v1.0/:accountId'
const troveInstance = `${account}/instances/:instanceId`
const troveUser = `${troveInstance}/users/:name`
const troveUsers = { users: [{ name: 'ada', password: 'password' }] }

/** Paths that may end in a format. */
const suffixed: Readonly<Record<string, Need>> = {
  [`GET ${account}/instances`]: { right: 'read' },
  [`GET ${account}/instances/detail`]: { right: 'read' },
  [`POST ${account}/instances`]: { right: 'adopt', body: { instance: { name: 'new' } } },
  [`POST ${troveInstance}/action`]: { right: 'change', body: { reset_status: {} } },
  [`GET ${troveInstance}/users`]: { right: 'read' },
  [`POST ${troveInstance}/users`]: { right: 'create', body: troveUsers },
  [`PUT ${troveInstance}/users`]: { right: 'update', body: troveUsers },
  [`GET ${troveUser}/databases`]: { right: 'read' },
  [`PUT ${troveUser}/databases`]: { right: 'update', body: { databases: [{ name: 'orders' }] } },
  [`GET ${troveInstance}/databases`]: { right: 'read' },
  [`POST ${troveInstance}/databases`]: { right: 'create', body: { databases: [{ name: 'orders' }] } },
  [`GET ${troveInstance}/root`]: { right: 'read' },
  [`POST ${troveInstance}/root`]: { right: 'administer' },
  [`DELETE ${troveInstance}/root`]: { right: 'administer' },
  [`GET ${account}/flavors`]: { right: 'read' },
  [`GET ${account}/datastores`]: { right: 'read' },
  [`GET ${account}/datastores/:datastore/versions`]: { right: 'read', empty: true },
  [`GET ${account}/datastores/:datastore/versions/:version/flavors`]: { right: 'read', empty: true },
  [`GET ${account}/datastores/:datastore/versions/:version/volume-types`]: { right: 'read', empty: true },
  [`GET ${account}/limits`]: { right: 'read' },
  [`GET ${account}/clusters`]: { right: 'read' },
}

/** A name that is no instance's. */
const listNames = ['', '.json', '.xml'].map(suffix => `${account}/instances/detail${suffix}`)

const trove: Readonly<Record<string, Need>> = {
  ...Object.fromEntries(
    Object.entries(suffixed).flatMap(([route, need]) => ['', '.json', '.xml'].map(suffix => [route + suffix, need])),
  ),
  ...Object.fromEntries(
    listNames.flatMap((path): [string, Need][] => [
      [`DELETE ${path}`, { right: 'nobody', refusal: 404 }],
      [`PUT ${path}`, { right: 'nobody', refusal: 404, body: { instance: { name: 'new' } } }],
      [`PATCH ${path}`, { right: 'nobody', refusal: 404, body: { instance: { name: 'new' } } }],
    ]),
  ),
  [`GET ${troveInstance}`]: { right: 'read' },
  [`DELETE ${troveInstance}`]: { right: 'release' },
  [`PUT ${troveInstance}`]: { right: 'adopt', body: { instance: { name: 'other' } } },
  [`PATCH ${troveInstance}`]: { right: 'adopt', body: { instance: { name: 'other' } } },
  [`GET ${troveUser}`]: { right: 'read' },
  [`PUT ${troveUser}`]: { right: 'update', body: { user: { password: 'password' } } },
  [`DELETE ${troveUser}`]: { right: 'delete' },
  [`DELETE ${troveUser}/databases/:databaseName`]: { right: 'update' },
  [`GET ${troveInstance}/databases/:databaseName`]: { right: 'read' },
  [`DELETE ${troveInstance}/databases/:databaseName`]: { right: 'delete' },
  [`GET ${account}/flavors/:flavorId`]: { right: 'read', empty: true },
  [`GET ${account}/datastores/:datastore`]: { right: 'read', empty: true },
  [`GET ${account}/datastores/versions/:version`]: { right: 'read', empty: true },
  [`GET ${account}/datastores/:datastore/versions/:version`]: { right: 'read', empty: true },
  [`GET ${account}/clusters/:clusterId`]: { right: 'read', empty: true },
  'GET /v1.0': { right: 'public' },
  'GET /v1.0/': { right: 'public' },
  'GET /healthcheck': { right: 'public' },
}

/** Keystone's endpoints: who has no token yet asks here. */
const identity: Readonly<Record<string, Need>> = {
  ...Object.fromEntries(
    ['', '/v3', '/v3/', '/v2.0', '/v2.0/'].map(path => [`GET /identity${path}`, { right: 'public' as const }]),
  ),
  'POST /identity/v3/auth/tokens': { right: 'public' },
  'POST /identity/v2.0/tokens': { right: 'public' },
  'POST /v2.0/tokens': { right: 'public' },
  // The token that is asked about is named in a header.
  'GET /identity/v3/auth/tokens': { right: 'key', empty: true },
  'DELETE /identity/v3/auth/tokens': { right: 'key', empty: true },
  'GET /identity/v3/auth/catalog': { right: 'member' },
  'GET /identity/v3/auth/projects': { right: 'key' },
  'GET /identity/v2.0/tenants': { right: 'key' },
  'GET /v2.0/tenants': { right: 'key' },
}

const pages = [
  '/',
  '/docs',
  '/livez',
  '/readyz',
  '/metrics',
  '/openapi/native.json',
  '/openapi/wiremock.json',
  '/openapi/digitalocean.json',
  '/openapi/trove.json',
  '/openapi/atlas.json',
]

/** Every route and what it needs. A route that is not in here fails the matrix. */
export const NEEDS: Readonly<Record<string, Need>> = {
  ...native,
  ...wiremock,
  ...digitalocean,
  ...trove,
  ...atlas,
  ...identity,
  ...Object.fromEntries(pages.map(path => [`GET ${path}`, { right: 'public' as const }])),
}

/** Files of the page of documents. */
export const isPublicFile = (route: string): boolean => /^GET \/docs\/[a-z0-9-]+\.(js|css|png)$/.test(route)
